"""A setter whose known, harmless error is swallowed."""

from typing import Any

from evcc_flask.bus.needs import ErrorKind, ReadError

from .fields import Loose, Text, Tree
from .made import Written
from .ports import Sink, Value
from .problems import Problems
from .registry import build_sink
from .shop import Shop

EVCC_WORDS = {"modbus: exception": ErrorKind.REFUSED, "modbus: response": ErrorKind.GARBLED}
"""Beginnings of evcc's own messages, which files name, and what they are here."""


class Ignore(Loose):
    error = Text(required=True)
    set = Tree(required=True)


def sink(node: dict[str, Any], param_name: str, shop: Shop) -> Sink:
    problems = Problems()
    settings = problems.sound(Ignore(), node)
    inner = problems.build(lambda: build_sink(settings.get("set"), param_name, shop), "set")
    problems.end()
    assert inner is not None
    prefix = settings["error"].lower()
    kinds = {kind for words, kind in EVCC_WORDS.items() if prefix.startswith(words)}

    def write(value: Value) -> None:
        try:
            inner.write(value)
        except ReadError as error:
            if error.kind not in kinds and prefix not in str(error).lower():
                raise

    return Written(inner.link(), write)
