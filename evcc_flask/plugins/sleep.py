"""A pause between the steps of a sequence."""

from threading import Event
from typing import Any

from evcc_flask.domain.issues import Misconfigured

from .fields import Duration, Loose
from .made import Written
from .ports import Sink, Value
from .problems import load
from .shop import Shop

LONGEST_S = 15.0
"""Real seconds. A command behind it waits; a longer pause belongs to a watchdog."""


class Sleep(Loose):
    duration = Duration(required=True)


def sink(node: dict[str, Any], param_name: str, shop: Shop) -> Sink:
    seconds = load(Sleep(), node)["duration"]
    if not 0 <= seconds <= LONGEST_S:
        raise Misconfigured(f"{seconds:g} s is no pause", ("duration",), f"Write at most {LONGEST_S:g}s.")

    def write(value: Value) -> None:
        Event().wait(shop.clock.real_s(seconds))

    # Never on a shared line: the others would pause, too.
    return Written(shop.calls(), write)
