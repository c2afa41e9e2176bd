"""Meters and batteries: what is kept when an answer fails, and modes that a device forgets."""

from typing import Any

from evcc_flask.bus.needs import Answer, ErrorKind, Need, ReadError, Registers, Table
from evcc_flask.devices.lease import Lease
from evcc_flask.devices.meter import SourceMeter
from evcc_flask.devices.parts import MeterParts, Repeat
from evcc_flask.devices.sources import FirstOf, Sum, fixed
from evcc_flask.domain.words import BatteryMode
from evcc_flask.plugins.made import Fetched, Written
from tests.devices.hand import HandClock, HandLink


class Plant:
    """A meter whose answers and writes a test holds in its hands."""

    def __init__(self) -> None:
        self.clock = HandClock()
        self.link = HandLink()
        self.written: list[Any] = []

    def source(self, address: int, max_age_s: float = 0.0) -> Fetched:
        return Fetched(Need(self.link, Registers(1, Table.INPUT, address), max_age_s), lambda words: float(words[0]))

    def says(self, address: int, word: float) -> None:
        self.link.answers[Registers(1, Table.INPUT, address)] = Answer((word,), self.clock.s)

    def fails(self, address: int, kind: ErrorKind = ErrorKind.TIMEOUT) -> None:
        request = Registers(1, Table.INPUT, address)
        old = self.link.latest(request)
        self.link.answers[request] = Answer(old.value, old.at_s, ReadError(kind, "no answer"))

    def meter(self, **parts: Any) -> SourceMeter:
        base = {"power": self.source(0)}
        return SourceMeter("it", MeterParts(**(base | parts)), Lease(self.clock), self.clock, lambda: self.link)

    def battery(self, **repeat: Any) -> SourceMeter:
        sink = Written(self.link, self.written.append)
        modes = frozenset({2, 3})
        return self.meter(battery_mode=sink, repeat=Repeat(30.0, modes, **repeat))

    def set(self, meter: SourceMeter, mode: BatteryMode) -> None:
        meter.set_battery_mode(mode, lambda ending, error: None)
        self.link.work()

    def pass_30_s(self, meter: SourceMeter) -> None:
        self.clock.s += 30
        meter.renew(self.clock.s + 20)
        self.link.tick()


def test_a_failed_read_keeps_the_old_value_with_its_age_and_the_reason() -> None:
    plant = Plant()
    meter = plant.meter()
    plant.says(0, 500.0)
    meter.reading()
    plant.clock.s += 30
    plant.fails(0)
    reading = meter.reading()
    assert (reading.power_w, reading.at_s, reading.error) == (500.0, 1000.0, "no answer")


def test_before_the_first_answer_there_is_no_value_and_no_zero() -> None:
    reading = Plant().meter().reading()
    assert (reading.power_w, reading.at_s) == (None, None)
    assert reading.error


def test_a_side_value_that_stays_away_is_dropped_after_a_minute() -> None:
    plant = Plant()
    meter = plant.meter(energy=plant.source(1, max_age_s=60.0))
    plant.says(0, 500.0)
    plant.says(1, 12.5)
    assert meter.reading().energy_kwh == 12.5
    plant.clock.s += 119
    plant.says(0, 500.0)
    plant.fails(1)
    assert meter.reading().energy_kwh == 12.5
    plant.clock.s += 2
    plant.says(0, 500.0)
    assert meter.reading().energy_kwh is None
    assert meter.reading().error is None


def test_one_phase_that_is_missing_makes_all_phases_unknown() -> None:
    plant = Plant()
    meter = plant.meter(currents=(plant.source(1), plant.source(2), plant.source(3)))
    for address in (0, 1, 2):
        plant.says(address, 5.0)
    assert meter.reading().currents_a is None


def test_currents_without_sign_take_the_direction_of_their_phases_power() -> None:
    plant = Plant()
    currents = (plant.source(1), plant.source(2), plant.source(3))
    powers = (plant.source(4), plant.source(5), plant.source(6))
    for address, word in enumerate((-1500.0, 5.0, 6.0, -7.0, -1150.0, 1380.0, -1610.0)):
        plant.says(address, word)
    assert plant.meter(currents=currents, powers=powers).reading().currents_a == (-5.0, 6.0, -7.0)
    assert plant.meter(currents=currents).reading().currents_a == (5.0, 6.0, -7.0)


def test_a_mode_that_the_device_forgets_is_repeated_while_decisions_come() -> None:
    plant = Plant()
    battery = plant.battery()
    plant.set(battery, BatteryMode.HOLD)
    plant.pass_30_s(battery)
    plant.pass_30_s(battery)
    assert plant.written == [2, 2, 2]
    plant.clock.s += 30
    plant.link.tick()
    assert plant.written == [2, 2, 2], "no decision, no repetition"


def test_normal_is_not_repeated() -> None:
    plant = Plant()
    battery = plant.battery()
    plant.set(battery, BatteryMode.HOLD)
    plant.set(battery, BatteryMode.NORMAL)
    plant.pass_30_s(battery)
    assert plant.written == [2, 1]


def test_a_device_that_takes_no_change_before_the_old_mode_has_lapsed_is_waited_for() -> None:
    plant = Plant()
    battery = plant.battery(lapse_s=60.0)
    plant.set(battery, BatteryMode.HOLD)
    plant.set(battery, BatteryMode.CHARGE)
    plant.pass_30_s(battery)
    assert plant.written == [2], "neither repeated nor changed"
    plant.pass_30_s(battery)
    assert plant.written == [2, 3]
    plant.pass_30_s(battery)
    assert plant.written == [2, 3, 3]


def test_a_string_that_is_not_there_counts_nothing_and_a_silent_one_counts_as_unknown() -> None:
    plant = Plant()
    total = Sum((plant.source(0), plant.source(1)))
    plant.says(0, 1500.0)
    plant.fails(1, ErrorKind.NOT_AVAILABLE)
    assert total.value() == 1500.0
    plant.fails(1, ErrorKind.TIMEOUT)
    assert plant.meter(power=total).reading().power_w is None


def test_of_alternatives_the_first_that_the_device_has_is_read_and_no_other_asked_for() -> None:
    plant = Plant()
    power = FirstOf((plant.source(0), plant.source(1), plant.source(2)))
    assert [need.request.address for need in power.needs()] == [0]
    plant.fails(0, ErrorKind.NOT_AVAILABLE)
    plant.says(1, 700.0)
    assert power.value() == 700.0
    assert [need.request.address for need in power.needs()] == [0, 1]


def test_what_the_configuration_states_is_never_old() -> None:
    plant = Plant()
    battery = plant.meter(capacity=fixed(10.0, plant.clock))
    plant.says(0, 1.0)
    plant.clock.s += 1e6
    plant.says(0, 1.0)
    assert battery.battery_reading().capacity_kwh == 10.0


def test_currents_tell_their_own_age_while_the_power_is_fresh() -> None:
    plant = Plant()
    meter = plant.meter(currents=(plant.source(1), plant.source(2), plant.source(3)))
    for address in range(4):
        plant.says(address, 10.0)
    read_s = plant.clock.s
    assert meter.reading().currents_at_s == read_s
    plant.clock.s += 30
    for address in (0, 1, 2):
        plant.says(address, 20.0)
    plant.fails(3)
    reading = meter.reading()
    assert (reading.at_s, reading.currents_at_s) == (plant.clock.s, read_s)
    assert reading.currents_a == (20.0, 20.0, 10.0)
