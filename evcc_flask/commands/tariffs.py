"""The part of ``evcc-flask check`` about tariffs: each is asked once, and tells its price and the next ones."""

from datetime import datetime

from evcc_flask.clock import SystemClock
from evcc_flask.domain.issues import Issue
from evcc_flask.domain.rates import Outlook, Rate, TariffKind, Usage, at, from_now
from evcc_flask.tariffs.board import Board

from .table import columns

NEXT = 4
"""So many slots are told beside the present one."""


def read_tariffs(board: Board, clock: SystemClock, patience_s: float) -> tuple[str, list[Issue]]:
    """A table of all tariffs ("" without any), and what is wrong with those that do not answer."""
    names = board.sources()
    if not names:
        return "", []
    board.start()
    board.settle(patience_s)
    outlook, now = board.outlook(), clock.now()
    rows = [(usage.value, ", ".join(sources), *_told(outlook, usage, now)) for usage, sources in names.items()]
    planned = outlook.kind(Usage.PLANNER)
    if Usage.PLANNER not in names and planned is not None:
        rows.append(("planner", f"as {_meant(outlook)}", "", "", ""))
    silent = [
        Issue(
            "tariff",
            f"{', '.join(names[usage])}: no answer within {patience_s:.0f} s.",
            device=usage.value,
            fatal=False,
        )
        for usage in names
        if outlook.rates(usage) is None and usage.value not in {issue.device for issue in outlook.issues}
    ]
    return columns(("TARIFF", "SOURCE", "NOW", "NEXT", "UNTIL"), rows, widest=60), [*outlook.issues, *silent]


def _told(outlook: Outlook, usage: Usage, now: datetime) -> tuple[str, str, str]:
    rates = outlook.rates(usage)
    if not rates:
        return "no value: see below", "", ""
    unit = _unit(outlook, usage)
    present = at(rates, now)
    coming = [rate for rate in from_now(rates, now) if rate.start > now]
    return (
        "none" if present is None else f"{_figure(present, unit)} {unit}",
        "always" if outlook.kind(usage) is TariffKind.STATIC else _listed(coming, unit),
        f"{rates[-1].end:%d.%m. %H:%M}",
    )


def _listed(coming: list[Rate], unit: str) -> str:
    return ", ".join(f"{rate.start:%H:%M} {_figure(rate.value, unit)}" for rate in coming[:NEXT])


def _figure(value: float, unit: str) -> str:
    return f"{value:.0f}" if unit in ("W", "g/kWh") else f"{value:.4f}"


def _unit(outlook: Outlook, usage: Usage) -> str:
    units = {TariffKind.SOLAR: "W", TariffKind.CO2: "g/kWh"}
    kind = outlook.kind(usage)
    return units.get(kind, f"{outlook.currency}/kWh") if kind else ""


def _meant(outlook: Outlook) -> str:
    """Which tariff is planned by where none is named for it."""
    planned = outlook.tariffs[Usage.PLANNER]
    return next(usage.value for usage, tariff in outlook.tariffs.items() if tariff is planned)
