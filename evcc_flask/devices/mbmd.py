"""``type: mbmd``: a meter model by the names that evcc and mbmd share, and which of its measurements are taken."""

from collections.abc import Mapping
from typing import Any

from evcc_flask.domain.issues import Misconfigured
from evcc_flask.plugins.fields import Loose, Many, Text
from evcc_flask.plugins.problems import Problems, load
from evcc_flask.plugins.shop import Shop

from . import library, template
from .library import Row
from .parts import MeterParts
from .row import Compiler

MEASUREMENTS: Mapping[str, tuple[str, int | None]] = {
    "power": ("power_w", None),
    "import": ("energy_kwh", None),
    "export": ("return_energy_kwh", None),
    "sum": ("energy_sum_kwh", None),
    "chargestate": ("soc_percent", None),
    **{f"powerl{phase}": ("powers_w", phase - 1) for phase in (1, 2, 3)},
    **{f"currentl{phase}": ("currents_a", phase - 1) for phase in (1, 2, 3)},
    **{f"voltagel{phase}": ("voltages_v", phase - 1) for phase in (1, 2, 3)},
}
"""mbmd's measurement names, and the points of our rows that they mean."""

ROLES = {"power": "power_w", "energy": "energy_kwh", "returnenergy": "return_energy_kwh", "soc": "soc_percent"}
TRIPLES = {"powers": "powers_w", "currents": "currents_a", "voltages": "voltages_v"}


class Mbmd(Loose):
    """config.md §4: the model, and what is taken of it."""

    model = Text(required=True)
    power = Text(load_default="Power")
    energy, returnenergy, soc = Text(), Text(), Text()
    powers, currents, voltages = Many(Text()), Many(Text()), Many(Text())


def meter(params: Mapping[str, Any], shop: Shop) -> MeterParts:
    """The model's row with the points that were asked for. Raises Misconfigured, or a group of them."""
    own = set(Mbmd().fields)
    taken = load(Mbmd(), {key: value for key, value in params.items() if key in own})
    _, row = library.model(taken["model"])
    row = row["usages"]["pv"] | row if isinstance(row["usages"], Mapping) else row
    problems = Problems()
    points: dict[str, Any] = {}
    for role, name in ROLES.items():
        if role in taken:
            with problems.below(role):
                points[name] = _point(row, taken["model"], taken[role])
    for role, name in TRIPLES.items():
        if len(taken.get(role, ())) not in (0, 3):
            problems.found.append(Misconfigured("needs three measurements, one per phase", (role,)))
        elif taken.get(role):
            with problems.below(role):
                points[name] = [_point(row, taken["model"], word) for word in taken[role]]
    with problems.below():
        parameters = template.read(row, {key: value for key, value in params.items() if key not in own})
    problems.end()
    return Compiler({**row, "points": points, "control": {}}, parameters, None, shop).meter()


def _point(row: Row, model: str, word: str) -> Mapping[str, Any]:
    """The expression behind a measurement's name; a leading minus turns its sign."""
    name = word.removeprefix("-").strip()
    sign = -1 if word.startswith("-") else 1
    if ":" in name:
        # mbmd counts energies in kWh, SunSpec's points are Wh.
        return {"sunspec": name, "scale": sign * (0.001 if "wh" in name.lower() else 1)}
    point, phase = MEASUREMENTS.get(name.lower(), (None, None))
    expression = row["points"].get(point)
    if expression is None:
        known = ", ".join(known for known, (point, _) in MEASUREMENTS.items() if point in row["points"])
        raise Misconfigured(f"{model} has no measurement {name!r}", (), f"Known here: {known}.")
    if phase is not None:
        key = next(key for key, value in expression.items() if isinstance(value, list))
        expression = {**expression, key: expression[key][phase]}
    return expression if sign > 0 else {**expression, "scale": -expression.get("scale", 1)}
