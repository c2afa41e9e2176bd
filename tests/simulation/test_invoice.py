"""A month of a house: what sessions, history and home cost adds up to what the grid's meter and the tariff say."""

from dataclasses import dataclass, field, replace
from datetime import timedelta

import pytest

from evcc_flask.domain.accounting import row
from evcc_flask.domain.quarters import Quarter, together
from evcc_flask.domain.sessions import SessionRow
from evcc_flask.simulation.replay import lived
from evcc_flask.simulation.scenario import Event, parse
from evcc_flask.simulation.trace import Cycle
from evcc_flask.storage.database import Database
from evcc_flask.storage.history import Resolution

DAYS = 30
FEED_IN = 0.08
EXACT = 0.005
"""Half a per cent."""

MONTH = {
    "title": "a month with a dynamic tariff, a battery and two commuters",
    "house": {
        "day": "2026-06-01",
        "clouds": None,
        "interval_s": 60,
        "battery_discharge_control": True,
        "battery_grid_charge_limit": 0.05,
        "pv": [{"peak_w": 7000}],
        "batteries": [{"capacity_kwh": 10, "soc_percent": 40}],
        "loadpoints": [
            {
                "title": "Carport",
                "mode": "pv",
                "smart_cost_limit": 0.12,
                "box": {"switches_phases": True},
                "car": {"stays": [{"comes": "17:40", "leaves": "07:30", "used_kwh": 14}]},
            },
            {
                "title": "Garage",
                "mode": "minpv",
                "car": {"phases": 1, "capacity_kwh": 40, "stays": [{"comes": "10:15", "leaves": "16:00"}]},
            },
        ],
    },
    "timeline": [{"at": "00:00", "mode": "pv", "rates": {"feed_in": FEED_IN, "co2_g": 380}}],
}


def price(hour: int) -> float:
    """Cheap at night, dear in the evening, negative on some noons."""
    day, hour = divmod(hour, 24)
    if 12 <= hour < 14 and day % 3 == 0:
        return -0.03
    return (0.04 if day % 4 == 0 else 0.11) if hour < 5 else 0.42 if 17 <= hour < 21 else 0.27


@dataclass
class Month:
    """``true``: what the house's own counters and the tariff say; the rest is what we booked."""

    true: dict[str, float] = field(default_factory=dict)
    parts: dict[int, Quarter] = field(default_factory=dict)
    rows: dict[str, SessionRow] = field(default_factory=dict)

    def add(self, name: str, value: float) -> None:
        self.true[name] = self.true.get(name, 0.0) + value


def counters(cycle: Cycle) -> dict[str, float]:
    grid, pv, battery = cycle.snapshot.grid, cycle.snapshot.pv[0].meter, cycle.snapshot.batteries[0].meter
    return {
        "import": grid.energy_kwh,
        "export": grid.return_energy_kwh,
        "pv": pv.energy_kwh,
        "discharge": battery.energy_kwh,
        "charge": battery.return_energy_kwh,
        "cars": sum(box.energy_kwh for box in cycle.boxes),
    }


@pytest.fixture(scope="module")
def month():
    scenario = parse(MONTH)
    hours = tuple(
        Event(timedelta(hours=hour), rates={"grid": price(hour), "planner": price(hour)}) for hour in range(24 * DAYS)
    )
    timeline = tuple(sorted((*scenario.timeline, *hours), key=lambda event: event.at))
    scenario = replace(scenario, timeline=timeline, end=scenario.start + timedelta(days=DAYS) - timedelta(minutes=1))
    month, before = Month(), None
    for cycle in lived(scenario):
        now, rates = counters(cycle), cycle.snapshot.rates
        if before is not None:
            flowed = {name: now[name] - before[name] for name in now}
            for name, kwh in flowed.items():
                month.add(name, kwh)
            month.add("import cost", flowed["import"] * rates.grid)
            month.add("export revenue", flowed["export"] * rates.feed_in)
        before = now
        if cycle.decision.quarter is not None:
            part = cycle.decision.quarter
            month.parts = together(month.parts, {part.number: part})
        month.rows |= {each.key: each for each in cycle.decision.sessions}
    for index, loadpoint in enumerate(cycle.decision.memory.loadpoints):
        if loadpoint.session is not None and loadpoint.session.created_s is not None:
            month.rows[loadpoint.session.key] = row(
                loadpoint.session, index, MONTH["house"]["loadpoints"][index]["title"]
            )
    month.add("home", sum(month.true[name] for name in ("import", "pv", "discharge")))
    month.add("home", -sum(month.true[name] for name in ("export", "charge", "cars")))
    return month


class Wall:
    def __init__(self, now):
        self.time = now

    def now(self):
        return self.time

    def trusted(self):
        return True


@pytest.fixture(scope="module")
def booked(month, tmp_path_factory):
    """The month as the API tells it, from the disk."""
    database = Database.open(tmp_path_factory.mktemp("invoice") / "evcc.db", Wall(parse(MONTH).start))
    assert database.save_sessions(list(month.rows.values()), {}, month.parts).wait(10.0) is None
    (span,) = database.history(parse(MONTH).start, parse(MONTH).start + timedelta(days=DAYS), Resolution.YEAR)
    yield span
    database.close()


@pytest.mark.parametrize(
    ("ours", "true"),
    [
        ("gridImport", "import"),
        ("gridExport", "export"),
        ("pv", "pv"),
        ("batteryCharge", "charge"),
        ("batteryDischarge", "discharge"),
        ("home", "home"),
        ("importCost", "import cost"),
        ("exportRevenue", "export revenue"),
    ],
)
def test_history_tells_what_the_meters_and_the_tariff_tell(booked, month, ours, true):
    assert booked[ours] == pytest.approx(month.true[true], rel=EXACT), {**month.true}


def test_the_sessions_are_what_the_boxes_counted_and_the_history_of_the_loadpoints(booked, month):
    charges = booked["loadpoints"]
    sessions = list(month.rows.values())
    energy, cost = sum(each.charged_kwh for each in sessions), sum(each.price or 0.0 for each in sessions)
    assert energy == pytest.approx(month.true["cars"], rel=EXACT)
    assert sum(charge["energy"] for charge in charges) == pytest.approx(energy, rel=EXACT)
    assert sum(charge["cost"] for charge in charges) == pytest.approx(cost, rel=EXACT)
    assert all(charge["energy"] > 50 for charge in charges)


def test_sessions_home_battery_and_feed_in_add_up_to_the_bill(booked, month):
    """What the sun gave costs what feeding it in would have earned: to the bill comes what was not earned.

    bill + feed-in price x (sun + discharge) = home + sessions + charge of the battery + earned.
    """
    sessions = sum(each.price or 0.0 for each in month.rows.values())
    green_kwh = booked["pv"] + booked["batteryDischarge"]
    charge_cost = 0.0
    for part in month.parts.values():
        others = part.home_kwh - part.home_green_kwh + sum(each.kwh - each.green_kwh for each in part.points.values())
        from_grid = min(part.charge_kwh, max(0.0, part.import_kwh - others))
        charge_cost += from_grid * (part.grid_price or 0.0) + (part.charge_kwh - from_grid) * FEED_IN
    spent = booked["homeCost"] + sessions + charge_cost + booked["exportRevenue"]
    due = month.true["import cost"] + FEED_IN * green_kwh
    assert spent == pytest.approx(due, rel=EXACT)
    assert charge_cost > 0
