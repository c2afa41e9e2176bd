"""Always fails, in a given way: for what a device does not have."""

from typing import Any, NoReturn

from evcc_flask.bus.needs import ReadError
from evcc_flask.domain.issues import Misconfigured

from .fields import Loose, Text
from .made import Fixed, Written
from .ports import Sink, Source
from .problems import load
from .shop import Shop
from .values import ASLEEP, Kind


class Error(Loose):
    error = Text(required=True)


def source(node: dict[str, Any], shop: Shop, kind: Kind, max_age_s: float) -> Source:
    word = _word(node)
    return Fixed(lambda: _fail(word), shop.clock)


def sink(node: dict[str, Any], param_name: str, shop: Shop) -> Sink:
    word = _word(node)
    return Written(None, lambda value: _fail(word))


def _word(node: dict[str, Any]) -> str:
    text = load(Error(), node)["error"]
    word = next((known for known in ASLEEP if known.lower() == text.lower()), None)
    if word is None:
        raise Misconfigured(f"{text!r} is no error", ("error",), f"Known: {', '.join(ASLEEP)}.")
    return word


def _fail(word: str) -> NoReturn:
    raise ReadError(ASLEEP[word], f"{word}, as configured")
