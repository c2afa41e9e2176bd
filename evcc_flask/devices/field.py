"""All devices and their links together: one refresh asks every link for what is due."""

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Protocol

from evcc_flask.bus.bus import Bus
from evcc_flask.bus.needs import Need
from evcc_flask.domain.ports import Round

log = logging.getLogger("bus")


class Needy(Protocol):
    """Anything that wants to be kept fresh: a meter, a charger, a circuit's limit."""

    def needs(self) -> Iterable[Need]: ...


class DeviceField:
    """Implements :class:`evcc_flask.domain.ports.Field`; a device may join later."""

    def __init__(self, bus: Bus, devices: Iterable[Needy] = ()) -> None:
        self._bus = bus
        self._devices = list(devices)
        self._faulty: set[int] = set()
        self._pressing: set[int] = set()

    def add(self, device: Needy) -> None:
        """From the next refresh on it is read, too."""
        self._devices.append(device)

    def press(self, device: object) -> None:
        """The house hangs on it (the grid meter, that of a fuse): while it is silent it is asked more often."""
        self._pressing.add(id(device))

    def refresh(self) -> Round:
        """Ask every link to fetch what is due. Returns at once."""
        return self._bus.refresh([need for device in self._devices for need in self._needs(device)])

    def refresh_one(self, device: Needy) -> Round:
        """The same for a single device."""
        return self._bus.refresh(device.needs())

    def _needs(self, device: Needy) -> list[Need]:
        try:
            needs = device.needs()
            return [replace(need, pressing=True) for need in needs] if id(device) in self._pressing else list(needs)
        except Exception:  # why: a fault in one driver must not keep the others from being read
            if id(device) not in self._faulty:
                self._faulty.add(id(device))
                log.exception(
                    "%s: the driver cannot say what it needs; it is not read", getattr(device, "name", device)
                )
            return []

    def links(self) -> Sequence[Mapping[str, object]]:
        """The links' counters, ready to publish."""
        return self._bus.counters()

    def close(self) -> None:
        """End all workers and close all ports; pending commands are dropped."""
        self._bus.close()
