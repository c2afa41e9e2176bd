"""A fixed value; as a setter it feeds this value, not its own, to another one."""

from typing import Any

from marshmallow import fields

from .fields import FALSE, TRUE, Text, Tree
from .made import Fixed, Written
from .pipeline import PipelineSchema, pipeline
from .ports import Sink, Source, Value
from .problems import Problems
from .registry import build_sink
from .shop import Shop
from .values import Kind


class ConstSource(PipelineSchema):
    value = Text(required=True)


class ConstSink(PipelineSchema):
    value = fields.Raw(required=True)
    set = Tree(required=True)


def source(node: dict[str, Any], shop: Shop, kind: Kind, max_age_s: float) -> Source:
    problems = Problems()
    settings = problems.sound(ConstSource(), node)
    steps = problems.build(lambda: pipeline(settings, kind))
    problems.end()
    assert steps is not None
    return Fixed(lambda: steps.run(settings["value"]), shop.clock)


def sink(node: dict[str, Any], param_name: str, shop: Shop) -> Sink:
    problems = Problems()
    settings = problems.sound(ConstSink(), node)
    inner = problems.build(lambda: build_sink(settings.get("set"), param_name, shop), "set")
    problems.end()
    assert inner is not None
    value = typed(settings["value"])
    return Written(inner.link(), lambda ignored: inner.write(value))


def typed(value: Any) -> Value:
    """A value of the file as what it looks like: ``"6"`` is 6, ``true`` a flag, anything else text."""
    if not isinstance(value, str):
        return value if isinstance(value, (bool, int, float)) else str(value)
    word = value.strip().lower()
    if word in (TRUE | FALSE) - {"1", "0", "t", "f"}:
        return word == "true"
    for number in (int, float):
        try:
            return number(word)
        except ValueError:
            continue
    return value
