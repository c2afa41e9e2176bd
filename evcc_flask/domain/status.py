"""Plugged in, started, stopped, gone: what happened at a loadpoint since the last cycle, and what it ends or begins."""

from .decision import Event
from .memory import ELAPSED, TimerKind
from .point import Point
from .words import Feature, Mode, Status


def follow(p: Point) -> None:
    """Note the events in their order and what they set back; a silent box has none."""
    if p.fresh:
        _events(p)
    _mode(p)


def _events(p: Point) -> None:
    before = p.memory.status
    was_connected, was_charging = before in (Status.B, Status.C), before is Status.C
    if was_charging and not p.charging:
        p.events.append(Event.STOP)
    if was_connected and not p.connected:
        left(p, "restart" if p.memory.box.recalled else "disconnect")
    if before is None and not p.connected and p.settings.vehicle is None and not p.settings.chosen:
        p.change("vehicle", p.settings.default_vehicle, "restart")
    if p.connected and not was_connected:
        came(p, at_start=before is None)
    if p.charging and not was_charging:
        p.events.append(Event.START)


def came(p: Point, *, at_start: bool = False) -> None:
    """A car is plugged in."""
    p.events.append(Event.CONNECT)
    p.person_s = p.now_s
    p.measured_phases = None
    p.timer = None if at_start and p.charging else ELAPSED
    p.welcome = Feature.WELCOME_CHARGE in p.features


def left(p: Point, rule: str = "disconnect") -> None:
    """What was meant for one connection ends; what is chosen while no car is there is meant for the next one."""
    p.events.append(Event.DISCONNECT)
    p.measured_phases = None
    p.timer = None
    p.boosting = False
    s = p.settings
    p.change("boost", False, rule)
    p.change("fast_once", None, rule)
    if Feature.INTEGRATED_DEVICE in p.features:
        return
    if s.default_mode is not None:
        p.change("mode", s.default_mode, rule)
    p.change("vehicle", s.default_vehicle, rule)
    p.change("chosen", False, rule)
    p.change("manual_soc", None, rule)
    p.change("limit_soc_percent", 0, rule)
    p.change("limit_energy_kwh", 0.0, rule)


def _mode(p: Point) -> None:
    """Off and now start all waiting anew, minpv that for the sun; pv keeps it."""
    before = p.memory.mode
    if before is None or before is p.mode:
        return
    p.boosting = False
    scaling = p.timer is not None and p.timer.kind in (TimerKind.SCALE_1P, TimerKind.SCALE_3P)
    if p.mode in (Mode.OFF, Mode.NOW) or (p.mode is Mode.MINPV and not scaling):
        p.timer = None
