"""Setters one after the other; the first that fails ends them."""

from typing import Any

from .fields import Loose, Many, Tree
from .made import Written, common_link
from .ports import Sink, Value
from .problems import Problems
from .registry import build_sink
from .shop import Shop


class Sequence(Loose):
    set = Many(Tree(), required=True)


def sink(node: dict[str, Any], param_name: str, shop: Shop) -> Sink:
    problems = Problems()
    settings = problems.sound(Sequence(), node)
    steps: list[Sink] = []
    for index, entry in enumerate(settings.get("set", ())):
        with problems.below("set", index):
            steps.append(build_sink(entry, param_name, shop))
    problems.end()

    def write(value: Value) -> None:
        for step in steps:
            step.write(value)

    return Written(common_link(steps, shop.calls()), write)
