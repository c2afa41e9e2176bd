"""Energy that has flowed since the beginning, in kWh that only grow: what Home Assistant's energy page sums up.

The sum is that of the history, so that it goes on where it was before a restart.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from threading import Lock
from typing import Any, Protocol

from evcc_flask.control.state import Published, SharedState
from evcc_flask.domain.decision import Decision
from evcc_flask.domain.ports import Clock
from evcc_flask.domain.quarters import QUARTER_S, Charged, Quarter, quarter_of, unlike
from evcc_flask.storage.history import Resolution

NAMES: Mapping[str, str] = {
    "gridImport": "import_kwh",
    "gridExport": "export_kwh",
    "pv": "pv_kwh",
    "batteryCharge": "charge_kwh",
    "batteryDischarge": "discharge_kwh",
    "home": "home_kwh",
}
"""Our names, which are those of the history, and the fields of a quarter."""
START = datetime(2000, 1, 1, tzinfo=UTC)
AGES = timedelta(days=36500)


class Past(Protocol):
    """Where the history is read."""

    def history(self, first: datetime, after: datetime, resolution: Resolution) -> Iterator[dict[str, Any]]: ...


class Totals:
    """Sums since ever. ``follow`` before the control loop begins, or a part is counted twice."""

    def __init__(self, state: SharedState, past: Past, clock: Clock) -> None:
        self._state = state
        self._past = past
        self._lock = Lock()
        # Only the running quarter is added to from now on; what lies before it can be read later, as it takes longer.
        self._from = datetime.fromtimestamp(quarter_of(clock.now()) * QUARTER_S, UTC)
        self._recent = self._read(self._from, self._from + AGES)
        self._older: Quarter | None = None
        self._counted: Decision | None = None

    def follow(self) -> None:
        """Count from now on what each cycle adds."""
        self._state.subscribe(self._add)

    def kwh(self) -> dict[str, float]:
        """By place: ``gridImport`` …, and ``loadpoints/1`` … To be called by whoever may wait for a disk."""
        if self._older is None:
            self._older = self._read(START, self._from)
        with self._lock:
            sums = self._older.plus(self._recent)
        told = {place: getattr(sums, name) for place, name in NAMES.items()}
        titles = unlike([loadpoint.title for loadpoint in self._state.settings.loadpoints])
        for number, title in enumerate(titles, 1):
            told[f"loadpoints/{number}"] = sums.points.get(title, Charged()).kwh
        return told

    def _add(self, _: Published) -> None:
        decision = self._state.view.decision
        with self._lock:
            if decision is None or decision is self._counted:
                return
            self._counted = decision
            if decision.quarter is not None:
                self._recent = self._recent.plus(decision.quarter)

    def _read(self, first: datetime, after: datetime) -> Quarter:
        sums = Quarter(0)
        for span in self._past.history(first, after, Resolution.YEAR):
            points = {each["title"]: Charged(each["energy"]) for each in span["loadpoints"]}
            energies: dict[str, Any] = {name: span[place] for place, name in NAMES.items()}
            sums = sums.plus(replace(Quarter(0, points=points), **energies))
        return sums
