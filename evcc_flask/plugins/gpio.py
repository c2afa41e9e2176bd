"""Contacts and relays on the pins of a small computer, through Linux's own interface (libgpiod)."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any

from evcc_flask.bus.needs import ErrorKind, Need, ReadError
from evcc_flask.domain.issues import Misconfigured

from .fields import Flag, Loose, Text, Whole
from .made import Fetched, Written
from .ports import Sink, Source, Value
from .problems import Problems
from .shop import Shop
from .values import Kind, flag, parse


class Gpio(Loose):
    function = Text(required=True)
    pin = Whole(required=True)
    chip = Text(load_default="gpiochip0")
    inverted = Flag(load_default=False)


@dataclass(frozen=True)
class Pin:
    """A Procedure: the level of one line. ``output``: it is driven by us."""

    chip: str
    pin: int
    output: bool

    def run(self, wire: Any) -> bool:
        """Raises ReadError."""
        with _told(self):
            return bool(line(self).get_value(self.pin).value)

    def drive(self, high: bool) -> None:
        """Raises ReadError."""
        with _told(self):
            import gpiod

            line(self).set_value(self.pin, gpiod.line.Value.ACTIVE if high else gpiod.line.Value.INACTIVE)

    def __str__(self) -> str:
        return f"pin {self.pin} of {self.chip}"


@contextmanager
def _told(pin: Pin) -> Iterator[None]:
    """What Linux says about a pin, as a ReadError."""
    try:
        yield
    except (OSError, ValueError) as error:
        raise ReadError(ErrorKind.CONNECTION, f"{pin}: {error}") from None


_held: dict[tuple[str, int], tuple[Any, bool]] = {}
"""Lines by chip and pin, and whether they are outputs: an output holds its level as long as we hold the line."""


def line(pin: Pin) -> Any:
    """The line, requested on its first use and kept; an output can be read as well. Raises OSError, ValueError."""
    import gpiod

    place = (pin.chip, pin.pin)
    held, output = _held.get(place, (None, False))
    if held is not None and (output or not pin.output):
        return held
    direction = gpiod.line.Direction.OUTPUT if pin.output else gpiod.line.Direction.INPUT
    config = {pin.pin: gpiod.LineSettings(direction=direction)}
    if held is not None:
        held.reconfigure_lines(config)
    else:
        held = gpiod.request_lines(_path(pin.chip), consumer="evcc-flask", config=config)
    _held[place] = (held, pin.output)
    return held


def source(node: dict[str, Any], shop: Shop, kind: Kind, max_age_s: float) -> Source:
    settings = _settings(node, "read")
    pin, inverted = Pin(settings["chip"], settings["pin"], output=False), settings["inverted"]
    return Fetched(Need(shop.calls(), pin, max_age_s), lambda high: parse(int(bool(high) is not inverted), kind))


def sink(node: dict[str, Any], param_name: str, shop: Shop) -> Sink:
    settings = _settings(node, "write")
    pin, inverted = Pin(settings["chip"], settings["pin"], output=True), settings["inverted"]
    link = shop.calls()

    def write(value: Value) -> None:
        link.do(lambda wire: pin.drive(flag(value) is not inverted))

    return Written(link, write)


def _settings(node: dict[str, Any], use: str) -> dict[str, Any]:
    problems = Problems()
    settings = problems.sound(Gpio(), node)
    function = settings.get("function", "").lower()
    if function not in ("read", "write"):
        problems.tell(f"{settings.get('function')!r} is no function of a pin", "function", remedy="Known: read, write.")
    elif function != use:
        here = "is written" if use == "write" else "is read"
        problems.tell(f"this value {here}", "function", remedy=f"Write function: {use}.")
    if settings.get("pin", 0) < 0:
        problems.tell(f"{settings['pin']} is no pin", "pin")
    problems.end()
    if find_spec("gpiod") is None:
        remedy = "Install it with pip install 'evcc-flask[gpio]'."
        raise Misconfigured("pins need the package gpiod, which is not installed", ("source",), remedy)
    return settings


def _path(chip: str) -> str:
    return chip if chip.startswith("/") else f"/dev/{chip}"
