"""A meter that fails is spoken of at once, though its last value still counts for a while."""

import pytest

from evcc_flask.domain.readings import MeterReading
from evcc_flask.domain.settings import LoadpointSettings
from evcc_flask.domain.words import Mode

PV = LoadpointSettings(mode=Mode.PV)


def doubts(house):
    return {reason.code.value: dict(reason.facts) for reason in house.last.site.reasons}


@pytest.mark.parametrize("kept_w", [None, -5600.0])
def test_a_failed_read_is_said_at_once_while_the_last_value_still_counts(bench, kept_w):
    house = bench(PV)
    house.pv_w = 6000.0
    house.cycle()
    read_s = house.now_s
    failed = MeterReading("grid", read_s, kept_w, error='grid: "null" is no number')
    house.snapshot_says = {"grid": failed}
    house.cycle()
    assert house.last.site.grid_w == pytest.approx(-5600.0)
    assert doubts(house)["meter_silent"] == {"meter": "grid", "error": failed.error, "held_s": 10}
    house.cycles(60)
    assert house.last.site.grid_w is None
    assert doubts(house)["meter_silent"] == {"meter": "grid", "error": failed.error}
    house.snapshot_says = {}
    house.cycle()
    assert "meter_silent" not in doubts(house)
