from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from evcc_flask.domain.flows import follow
from evcc_flask.domain.house import House
from evcc_flask.domain.memory import FlowsMemory
from evcc_flask.domain.moment import Moment
from evcc_flask.domain.quarters import Quarter, quarter_of, together
from evcc_flask.domain.readings import MeterReading
from evcc_flask.domain.settings import LoadpointSettings
from evcc_flask.domain.snapshot import Rates, Snapshot
from evcc_flask.domain.words import Mode

NOON = datetime(2026, 6, 21, 12, 0, tzinfo=UTC)
BEGIN_S = 1000.0


class Line:
    """A house whose flows are told step by step; ``sums``: what was booked so far."""

    def __init__(self) -> None:
        self.s = BEGIN_S
        self.memory: FlowsMemory | None = None
        self.parts: dict[int, Quarter] = {}
        self.trusted = True

    def step(
        self,
        seconds: float,
        grid_w: float | None = 0.0,
        pv_w: float = 0.0,
        battery_w: float | None = 0.0,
        bought: float | None = None,
        sold: float | None = None,
        **house: float,
    ) -> None:
        self.s += seconds
        meter = MeterReading("grid", self.s, grid_w, bought, sold)
        home_w = None if grid_w is None else max(0.0, grid_w + pv_w + (battery_w or 0.0))
        h = replace(House(grid_w, pv_w, battery_w, None, 0.0, 0.0), home_w=home_w, **house)
        wall = NOON + timedelta(seconds=self.s - BEGIN_S) if self.trusted else None
        rates = Rates(0.3, 0.08, 380.0)
        part, self.memory = follow(self.memory, Snapshot(grid=meter), h, (), rates, Moment(self.s, wall))
        if part is not None:
            self.parts = together(self.parts, {part.number: part})

    @property
    def sums(self) -> Quarter:
        whole = Quarter(0)
        for part in self.parts.values():
            whole = whole.plus(part)
        return whole


def test_power_times_time_is_energy_and_home_is_what_is_left():
    line = Line()
    for _ in range(361):
        line.step(10, grid_w=-1000.0, pv_w=4000.0, battery_w=-1500.0, green_home=1.0)
    sums = line.sums
    assert sums.export_kwh == pytest.approx(1.0)
    assert sums.pv_kwh == pytest.approx(4.0)
    assert sums.charge_kwh == pytest.approx(1.5)
    assert (sums.home_kwh, sums.home_green_kwh) == (pytest.approx(1.5), pytest.approx(1.5))
    assert (sums.import_kwh, sums.discharge_kwh) == (0.0, 0.0)
    assert sums.seconds == pytest.approx(3600)
    assert (sums.grid_price, sums.feed_in_price, sums.co2_g) == (0.3, 0.08, 380.0)


def test_quarters_begin_with_the_quarters_of_the_clock():
    line = Line()
    for _ in range(181):
        line.step(10, grid_w=1000.0)
    noon = quarter_of(NOON)
    assert sorted(line.parts) == [noon, noon + 1, noon + 2]
    assert line.parts[noon + 1].import_kwh == pytest.approx(0.25)


@pytest.mark.parametrize("resolution_kwh", [0.001, 0.01, 0.1, 1.0])
def test_the_grids_counter_gives_the_sum_however_coarse_it_is(resolution_kwh):
    """The meter's power reads 3 % too much."""
    line = Line()
    true_kwh = 5000.0
    for _ in range(2 * 8640):
        true_kwh += 2000.0 * 10 / 3.6e6
        line.step(10, grid_w=2060.0, bought=true_kwh // resolution_kwh * resolution_kwh)
    assert line.sums.import_kwh == pytest.approx(true_kwh - 5000.0, rel=0.006, abs=1.1 * resolution_kwh)


@pytest.mark.parametrize("scale", [0.0, 0.001, 1000.0])
def test_a_counter_that_counts_something_else_changes_little(scale):
    line = Line()
    for step in range(8640):
        line.step(10, grid_w=2000.0, bought=5000.0 + scale * step * 2000.0 * 10 / 3.6e6)
    assert line.sums.import_kwh == pytest.approx(48.0, rel=0.1)


def test_a_counter_that_begins_anew_adds_nothing():
    line = Line()
    for step in range(1000):
        line.step(10, grid_w=1000.0, bought=5000.0 + step / 360 if step < 500 else (step - 500) / 360)
    assert line.sums.import_kwh == pytest.approx(999 / 360, rel=0.01)


def test_a_gap_is_a_gap_and_no_power_times_time():
    line = Line()
    line.step(10, grid_w=1000.0)
    line.step(10, grid_w=1000.0)
    line.step(3600, grid_w=1000.0)
    line.step(10, grid_w=1000.0)
    assert line.sums.import_kwh == pytest.approx(20 / 3600)
    assert line.sums.seconds == pytest.approx(20)


def test_without_a_grid_reading_nobody_knows_what_the_home_took():
    line = Line()
    for grid_w in (500.0, None, None, 500.0, 500.0):
        line.step(10, grid_w=grid_w, pv_w=1000.0)
    assert line.sums.seconds == pytest.approx(10)
    assert line.sums.home_kwh == pytest.approx(1500 * 10 / 3.6e6)
    assert line.sums.pv_kwh == pytest.approx(1000 * 40 / 3.6e6)


def test_what_flows_while_the_clock_is_not_set_belongs_to_no_quarter():
    line = Line()
    line.trusted = False
    line.step(10, grid_w=1000.0)
    line.step(10, grid_w=1000.0)
    assert line.parts == {}
    line.trusted = True
    line.step(10, grid_w=1000.0)
    assert line.sums.import_kwh == pytest.approx(10 / 3600)


def test_the_cars_energy_is_the_sessions_and_home_what_is_left(bench):
    house = bench(LoadpointSettings(title="Carport", mode=Mode.NOW))
    house.load_w = 500.0
    parts: dict[int, Quarter] = {}
    for _ in range(200):
        decision = house.cycle()
        if decision.quarter is not None:
            parts = together(parts, {decision.quarter.number: decision.quarter})
    whole = Quarter(0)
    for part in parts.values():
        whole = whole.plus(part)
    session = decision.memory.loadpoints[0].session
    assert whole.points["Carport"].kwh == pytest.approx(session.charged_kwh)
    assert whole.points["Carport"].kwh > 3
    # The start lies somewhere between two readings of the grid.
    assert whole.home_kwh == pytest.approx(500 * 1990 / 3.6e6, abs=11.1 * 5 / 3600)
    assert whole.import_kwh == pytest.approx(whole.home_kwh + whole.points["Carport"].kwh, rel=1e-3)
