"""A circuit's meter that stands still makes no room, and is believed for a minute and no longer."""

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from evcc_flask.domain.readings import MeterReading
from evcc_flask.domain.settings import Circuit, LoadpointSettings
from evcc_flask.domain.words import Mode

NOW = LoadpointSettings(mode=Mode.NOW, circuit="main")
MAIN = Circuit("main", max_current_a=25, meter=True)
BY_POWER = Circuit("main", max_power_w=3 * 230 * 25, meter=True)


class Fuse:
    """What the meter of a circuit tells of one; the truth goes on without it."""

    def __init__(self, house, others_a):
        self.house, self.others_a, self.says = house, others_a, None

    @property
    def total_a(self):
        return self.others_a + sum(box.current_a for box in self.house.boxes)

    def reads(self):
        self.says = self.house.now_s + 10, self.total_a

    def cycle(self, *, power_at_s=None, at_s=None):
        read_s, total_a = self.says
        read_s = read_s if at_s is None else at_s
        reading = MeterReading(
            "main",
            read_s if power_at_s is None else power_at_s,
            690 * total_a,
            currents_a=(total_a,) * 3,
            currents_at_s=read_s,
        )
        self.house.snapshot_says = {"circuit_meters": {"main": reading}}
        self.house.cycle()


def charging_with_six(bench, circuit, others_a):
    house = bench(NOW, circuits=(circuit,))
    fuse = Fuse(house, 19.0)
    for _ in range(8):
        fuse.reads()
        fuse.cycle()
    assert house.boxes[0].offered_a == 6
    fuse.others_a = others_a
    fuse.reads()
    return house, fuse


@pytest.mark.parametrize("circuit", [MAIN, BY_POWER])
@pytest.mark.parametrize("time", ["of the reading", "of now"])
def test_readings_that_stand_still_allow_what_they_allowed_at_first(bench, circuit, time):
    house, fuse = charging_with_six(bench, circuit, 9.0)
    for _ in range(5):
        fuse.cycle(at_s=house.now_s + 10 if time == "of now" else None)
        assert house.boxes[0].offered_a == 16
    fuse.others_a = 19.0
    fuse.reads()
    fuse.cycle()
    assert house.boxes[0].offered_a == 6
    fuse.others_a = 14.0
    fuse.reads()
    for _ in range(5):
        fuse.cycle(at_s=house.now_s + 10 if time == "of now" else None)
        assert house.boxes[0].offered_a <= 11


def test_currents_are_as_old_as_they_are_however_fresh_the_power_is(bench):
    house, fuse = charging_with_six(bench, MAIN, 19.0)
    last_s = fuse.says[0]
    for _ in range(6):
        fuse.cycle(power_at_s=house.now_s + 10)
    assert house.now_s - last_s == 50
    assert house.boxes[0].enabled
    fuse.cycle(power_at_s=house.now_s + 10)
    assert house.boxes[0].enabled
    fuse.cycle(power_at_s=house.now_s + 10)
    assert house.now_s - last_s == 70
    assert not house.boxes[0].enabled
    assert "circuit_meter_missing" in house.codes()
    fuse.reads()
    fuse.cycle()
    assert house.boxes[0].enabled


def test_a_reading_of_before_the_last_command_starts_nothing_anew(bench):
    house, fuse = charging_with_six(bench, MAIN, 19.0)
    fuse.cycle()
    house.wish(mode=Mode.OFF)
    fuse.cycle()
    house.wish(mode=Mode.NOW)
    fuse.cycle()
    assert not house.boxes[0].enabled
    fuse.reads()
    fuse.cycle()
    assert house.boxes[0].offered_a == 6


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.integers(0, 30), min_size=1, max_size=12),
    st.sampled_from([MAIN, BY_POWER]),
    st.integers(1, 2),
    st.integers(2, 40),
)
@example([0, 19], MAIN, 1, 6)
@example([4, 18, 2], MAIN, 2, 12)
def test_a_frozen_meter_never_allows_more_than_its_last_true_reading(bench, loads_a, circuit, cars, takes_a):
    house = bench(*[NOW] * cars, circuits=(circuit,))
    for box in house.boxes:
        box.takes_a = float(takes_a)
    fuse = Fuse(house, 0.0)
    for load_a in loads_a:
        fuse.others_a = float(load_a)
        fuse.reads()
        fuse.cycle()
    fuse.reads()
    read_s, others_a = fuse.says[0], fuse.others_a
    before_a = sum(box.current_a for box in house.boxes)
    room_a = max(before_a, 25.0 - others_a)
    while house.now_s < read_s + 70:
        fuse.cycle(power_at_s=house.now_s + 10 if circuit is MAIN else None)
        assert sum(box.current_a for box in house.boxes) <= room_a + 1e-6
    assert not any(box.enabled for box in house.boxes)
