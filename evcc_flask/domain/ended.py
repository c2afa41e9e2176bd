"""When a fast charge that a person wanted for once has got what it wanted."""

from dataclasses import replace

from .decision import SettingChange
from .figures import WAKE_TRIES
from .moment import Moment
from .once import FastOnce, Until
from .point import Point


def follow(p: Point, now: Moment) -> None:
    """End the wish that is fulfilled, and decide as if it had never been."""
    wish = p.settings.fast_once
    if wish is None or not _fulfilled(wish, p, now):
        return
    p.settings = replace(p.settings, fast_once=None)
    p.changes.append(SettingChange(p.index, "fast_once", None, "reached"))


def _fulfilled(wish: FastOnce, p: Point, now: Moment) -> bool:
    if wish.until is Until.TIME:
        return wish.remaining_s(now.wall) == 0.0
    if wish.until is Until.ENERGY:
        return wish.remaining_kwh(p.session_kwh) == 0.0
    return wish.until is Until.FULL and _full(p, wish)


def _full(p: Point, wish: FastOnce) -> bool:
    """By its SoC, or because it charged, stopped by itself and could not be woken."""
    own = p.vehicle.vehicle_limit_soc_percent if p.vehicle is not None else None
    goal = own if own is not None and 0 < own <= 100 else 100.0
    if p.soc_percent is not None and p.soc_percent >= goal and not p.charging:
        return True
    given_up = p.memory.wake is not None and p.memory.wake.tries >= WAKE_TRIES
    return given_up and not p.charging and p.session_kwh > wish.from_kwh
