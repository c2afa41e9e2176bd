"""All devices and their links together: one refresh asks every link for what is due."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

from evcc_flask.bus.bus import Bus
from evcc_flask.bus.needs import Need
from evcc_flask.domain.ports import Round


class Needy(Protocol):
    """Anything that wants to be kept fresh: a meter, a charger, a circuit's limit."""

    def needs(self) -> Iterable[Need]: ...


class DeviceField:
    """Implements :class:`evcc_flask.domain.ports.Field`; a device may join later."""

    def __init__(self, bus: Bus, devices: Iterable[Needy] = ()) -> None:
        self._bus = bus
        self._devices = list(devices)

    def add(self, device: Needy) -> None:
        """From the next refresh on it is read, too."""
        self._devices.append(device)

    def refresh(self) -> Round:
        """Ask every link to fetch what is due. Returns at once."""
        return self._bus.refresh([need for device in self._devices for need in device.needs()])

    def refresh_one(self, device: Needy) -> Round:
        """The same for a single device."""
        return self._bus.refresh(device.needs())

    def links(self) -> Sequence[Mapping[str, object]]:
        """The links' counters, ready to publish."""
        return self._bus.counters()

    def close(self) -> None:
        """End all workers and close all ports; pending commands are dropped."""
        self._bus.close()
