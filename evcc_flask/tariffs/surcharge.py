"""From the price of a market to the price of a bill: charges, charges by the hour, tax, or a formula over them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from evcc_flask.domain.issues import Misconfigured
from evcc_flask.plugins.fields import Number, Text
from evcc_flask.plugins.problems import Problems

from .formula import Formula, FormulaError, compile_formula
from .zones import Zone, read_zones, value_at


class Zones(Text):
    """A list that :mod:`.zones` reads."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        return value


FIELDS: Mapping[str, Any] = {"charges": Number, "tax": Number, "formula": Text, "chargeszones": Zones}
"""What every tariff takes beside its own."""


@dataclass(frozen=True, slots=True)
class Surcharge:
    """``charges`` in currency per kWh, ``tax`` as a share (0.19)."""

    charges: float = 0.0
    tax: float = 0.0
    zones: tuple[Zone, ...] = ()
    formula: Formula | None = None

    @property
    def given(self) -> bool:
        """Whether anything is added at all."""
        return self != NONE

    def total(self, price: float, wall: datetime) -> float:
        """The price of a kWh at ``wall``, the local wall time, to the millionth. Raises FormulaError."""
        charges = value_at(self.zones, wall, self.charges)
        if self.formula is not None:
            return round(self.formula.value(price, charges, self.tax, wall), 6)
        return round((price + charges) * (1 + self.tax), 6)


NONE = Surcharge()


def read_surcharge(given: Mapping[str, Any]) -> Surcharge:
    """Of checked settings. Raises a group of Misconfigured, also for a formula that fails with a usual price."""
    problems = Problems()
    zones = problems.build(lambda: read_zones(given.get("chargeszones"), "charges"), "chargeszones") or ()
    text = given.get("formula", "")
    formula = problems.build(lambda: _tried(text, given), "formula") if text.strip() else None
    problems.end()
    return Surcharge(given.get("charges", 0.0), given.get("tax", 0.0), zones, formula)


def _tried(text: str, given: Mapping[str, Any]) -> Formula:
    formula = compile_formula(text)
    failure: FormulaError | None = None
    for hour in range(24 * 7):
        try:
            wall = datetime(2026, 1, 5, tzinfo=UTC) + timedelta(hours=hour)
            formula.value(0.1, given.get("charges", 0.0), given.get("tax", 0.0), wall)
        except FormulaError as error:
            failure = failure or error
        else:
            return formula
    raise Misconfigured(str(failure))
