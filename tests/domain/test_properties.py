"""What must never happen, whatever the devices say and the sun does."""

import json
import math
from dataclasses import replace

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from evcc_flask.domain.commands import Enable, OfferCurrent, SwitchPhases
from evcc_flask.domain.decide import decide
from evcc_flask.domain.memory import Memory
from evcc_flask.domain.moment import Moment
from evcc_flask.domain.readings import (
    BatteryReading,
    ChargerReading,
    ChargerTraits,
    MeterReading,
    PvReading,
    VehicleReading,
)
from evcc_flask.domain.settings import Circuit, LoadpointSettings, Settings
from evcc_flask.domain.settings import Settings as House
from evcc_flask.domain.snapshot import LoadpointReading, Rates, Snapshot
from evcc_flask.domain.words import Mode, Status

QUICK = settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])

odd = st.sampled_from([None, math.nan, math.inf, -math.inf, 1e308, -1e308, 1e9, -1e9, 0.0, -0.0])
watts = st.floats(-20_000, 20_000)
amps = st.floats(0, 40)


def maybe(good: st.SearchStrategy[float]) -> st.SearchStrategy[float | None]:
    return st.one_of(good, odd)


def three(values: st.SearchStrategy[float]) -> st.SearchStrategy[tuple[float, float, float] | None]:
    wild = st.one_of(values, odd.filter(lambda value: value is not None))
    return st.one_of(st.none(), st.tuples(values, values, values), st.tuples(wild, wild, wild))


times = st.one_of(st.none(), st.floats(900, 1100), st.just(math.nan), st.just(math.inf))
meters = st.builds(
    MeterReading,
    st.just("meter"),
    times,
    maybe(watts),
    maybe(st.floats(0, 1e5)),
    powers_w=three(watts),
    currents_a=three(amps),
    voltages_v=three(st.floats(0, 260)),
)
traits = st.builds(
    ChargerTraits,
    switches_phases=st.booleans(),
    milliampere=st.booleans(),
    physical_phases=st.sampled_from([None, 1, 3]),
    has_power=st.booleans(),
    can_wake=st.booleans(),
    persistent_current=st.booleans(),
    least_a=st.sampled_from([0.0, 6.0]),
    most_a=st.sampled_from([None, 16.0, 32.0]),
)
chargers = st.builds(
    ChargerReading,
    st.just("box"),
    times,
    st.sampled_from([None, *Status]),
    st.sampled_from([None, True, False]),
    maybe(amps),
    st.sampled_from([None, 0, 1, 2, 3, 7]),
    maybe(watts),
    times,
    maybe(st.floats(0, 1e5)),
    three(amps),
    three(st.floats(0, 260)),
    soc_percent=maybe(st.floats(0, 100)),
    min_current_a=maybe(st.floats(0, 10)),
    max_current_a=maybe(amps),
    traits=traits,
)
vehicles = st.builds(
    VehicleReading,
    st.just("car"),
    at_s=times,
    soc_percent=maybe(st.floats(0, 100)),
    limit_soc_percent=maybe(st.floats(0, 100)),
    capacity_kwh=maybe(st.floats(0, 200)),
    phases=st.sampled_from([None, 0, 1, 2, 3, 9]),
    min_current_a=maybe(st.floats(0, 10)),
    max_current_a=maybe(amps),
    min_soc_percent=maybe(st.floats(0, 100)),
    climater=st.sampled_from([None, True, False]),
)
batteries = st.builds(
    BatteryReading,
    meters,
    maybe(st.floats(0, 100)),
    maybe(st.floats(0, 100)),
    st.booleans(),
    max_soc_percent=maybe(st.floats(0, 100)),
    max_discharge_w=maybe(watts),
)
snapshots = st.builds(
    Snapshot,
    st.one_of(st.none(), meters),
    st.lists(st.builds(PvReading, meters, maybe(watts)), max_size=2).map(tuple),
    st.lists(batteries, max_size=2).map(tuple),
    st.lists(meters, max_size=1).map(tuple),
    loadpoints=st.tuples(
        st.builds(LoadpointReading, chargers, st.one_of(st.none(), vehicles)),
        st.builds(LoadpointReading, chargers, st.one_of(st.none(), vehicles)),
    ),
    circuit_meters=st.one_of(st.just({}), st.builds(lambda meter: {"main": meter}, meters)),
    rates=st.builds(Rates, maybe(st.floats(-1, 1)), maybe(st.floats(0, 1)), maybe(st.floats(0, 900)), odd),
)
loadpoints = st.builds(
    LoadpointSettings,
    mode=st.sampled_from(Mode),
    priority=st.integers(0, 3),
    phases=st.sampled_from([0, 1, 3]),
    min_current_a=st.floats(0, 8),
    max_current_a=st.floats(8, 32),
    limit_soc_percent=st.sampled_from([0, 60, 100]),
    limit_energy_kwh=st.sampled_from([0.0, 5.0]),
    boost=st.booleans(),
    smart_cost_limit=st.sampled_from([None, 0.1]),
    circuit=st.sampled_from([None, "main", "garage"]),
    phase_order=st.sampled_from([(0, 1, 2), (1, 2, 0), (2, 0, 1)]),
)
houses = st.builds(
    Settings,
    residual_power_w=st.sampled_from([0.0, 100.0, -200.0]),
    priority_soc_percent=st.sampled_from([0.0, 50.0]),
    buffer_soc_percent=st.sampled_from([0.0, 80.0]),
    buffer_start_soc_percent=st.sampled_from([0.0, 90.0]),
    battery_discharge_control=st.booleans(),
    circuits=st.sampled_from(
        [
            (),
            (Circuit("main", max_current_a=20), Circuit("garage", parent="main", max_power_w=8000)),
            (Circuit("main", max_current_a=25, max_power_w=15_000, meter=True), Circuit("garage", parent="main")),
        ]
    ),
    loadpoints=st.tuples(loadpoints, loadpoints),
)


def within(commands, house: House, snapshot: Snapshot) -> None:
    """Every command respects off, the limits of loadpoint, charger and car, and the physical phases."""
    for command in commands:
        if not isinstance(command, OfferCurrent | Enable | SwitchPhases):
            continue
        wishes = house.loadpoints[command.loadpoint]
        reading = snapshot.loadpoints[command.loadpoint]
        if isinstance(command, Enable | OfferCurrent):
            assert wishes.mode is not Mode.OFF
        if isinstance(command, SwitchPhases):
            assert command.phases in (1, 3)
            assert command.phases <= (reading.charger.traits.physical_phases or 3)
        if isinstance(command, OfferCurrent):
            limits = [wishes.max_current_a, reading.charger.max_current_a, reading.charger.traits.most_a]
            limits.append(reading.vehicle.max_current_a if reading.vehicle else None)
            highest = min(each for each in limits if each is not None and 0 < each <= 1000)
            assert command.current_a <= highest + 1e-6
            own = reading.charger.min_current_a
            assert command.current_a > 0
            assert command.current_a >= reading.charger.traits.least_a
            if own is None or not 0 < own <= 1000:
                assert command.current_a >= wishes.min_current_a - 1e-6


@QUICK
@given(st.lists(snapshots, min_size=1, max_size=4), houses)
def test_nonsense_from_the_devices_never_leads_to_an_unsafe_command(seen, house):
    memory, now_s = Memory(), 1000.0
    for snapshot in seen:
        decision = decide(snapshot, house, memory, Moment(now_s))
        within(decision.commands, house, snapshot)
        for each in decision.loadpoints:
            assert each.reasons
            assert math.isfinite(each.offered_a)
            assert each.offered_a >= 0
            assert "inactive" in (each.pv_action, each.phase_action)
            json.dumps([reason.published() for reason in each.reasons], allow_nan=False)
        json.dumps([reason.published() for reason in decision.site.reasons], allow_nan=False)
        memory, now_s = decision.memory, now_s + 10


@QUICK
@given(st.lists(snapshots, min_size=1, max_size=3), houses)
def test_deciding_twice_on_the_same_gives_the_same(seen, house):
    memory, now_s = Memory(), 1000.0
    for snapshot in seen:
        once = decide(snapshot, house, memory, Moment(now_s))
        assert decide(snapshot, house, memory, Moment(now_s)) == once
        memory, now_s = once.memory, now_s + 10


suns = st.lists(st.tuples(st.floats(0, 15_000), st.floats(0, 3_000), st.integers(1, 12)), min_size=1, max_size=8)
boxes = st.tuples(st.booleans(), st.sampled_from([1, 2, 3]), st.sampled_from([7.0, 16.0, 32.0]), st.booleans())
wanted = st.builds(
    LoadpointSettings,
    mode=st.sampled_from(Mode),
    priority=st.integers(0, 2),
    max_current_a=st.sampled_from([10.0, 16.0, 32.0]),
    circuit=st.just("garage"),
    phase_order=st.sampled_from([(0, 1, 2), (1, 2, 0), (2, 0, 1)]),
)


def day(bench, wishes, kinds, circuits, sun, look):
    """Live through a day with boxes that obey; ``look`` at each decision."""
    house = bench(*wishes, circuits=circuits)
    for box, (switches, phases, takes_a, metered) in zip(house.boxes, kinds, strict=True):
        box.traits = replace(box.traits, switches_phases=switches, has_power=metered)
        box.car_phases, box.takes_a = phases, takes_a
    for pv_w, load_w, count in sun:
        house.pv_w, house.load_w = pv_w, load_w
        for _ in range(count):
            look(house, house.cycle())


@QUICK
@given(st.tuples(wanted, wanted, wanted), st.tuples(boxes, boxes, boxes), suns)
def test_cars_never_draw_more_than_the_circuit_carries_on_any_house_phase(bench, wishes, kinds, sun):
    circuits = (Circuit("main", max_current_a=40), Circuit("garage", parent="main", max_current_a=20, max_power_w=9000))

    def look(house, decision):
        lines = [0.0, 0.0, 0.0]
        for box, wish in zip(house.boxes, house.settings.loadpoints, strict=True):
            for own, line in enumerate(wish.phase_order):
                lines[line] += box.currents_a[own]
        assert max(lines) <= 20 + 1e-6
        assert 230 * sum(lines) <= 9000 + 1e-3

    day(bench, wishes, kinds, circuits, sun, look)


@QUICK
@given(st.tuples(wanted, wanted), st.tuples(boxes, boxes), suns)
def test_a_box_is_off_or_within_its_limits_and_off_means_off(bench, wishes, kinds, sun):
    def look(house, decision):
        for box, wish, told in zip(house.boxes, house.settings.loadpoints, decision.loadpoints, strict=True):
            if box.enabled:
                assert wish.mode is not Mode.OFF
                assert 6 <= box.offered_a <= wish.max_current_a
            assert told.phases_active <= 3
            assert "inactive" in (told.pv_action, told.phase_action)

    day(bench, wishes, kinds, (), sun, look)


CHARGES = {
    "mode_now",
    "welcome_charge",
    "minimum_soc",
    "fast_once",
    "plan_active",
    "climater",
    "cheap_price",
    "charges_from_sun",
    "minimum_current",
    "battery_start",
    "battery_buffer",
    "battery_boost",
}


@QUICK
@given(st.lists(snapshots, min_size=1, max_size=4), houses)
def test_who_is_kept_from_charging_is_not_said_to_charge_whatever_the_devices_say(seen, house):
    memory, now_s = Memory(), 1000.0
    for snapshot in seen:
        decision = decide(snapshot, house, memory, Moment(now_s))
        for each in decision.loadpoints:
            assert each.enabled or each.reasons[0].code.value not in CHARGES
        memory, now_s = decision.memory, now_s + 10


@QUICK
@given(
    st.tuples(wanted, wanted, wanted),
    st.tuples(boxes, boxes, boxes),
    suns,
    st.sampled_from([5.0, 7.0, 20.0]),
    st.sampled_from([{}, {"refuses": True}, {"obeys": False}, {"asleep": True}]),
)
def test_who_is_kept_from_charging_is_not_said_to_charge(bench, wishes, kinds, sun, limit_a, trouble):
    def look(house, decision):
        for name, value in trouble.items():
            setattr(house.boxes[0], name, value)
        for each in decision.loadpoints:
            assert each.enabled or each.reasons[0].code.value not in CHARGES

    day(bench, wishes, kinds, (Circuit("garage", max_current_a=limit_a),), sun, look)


@QUICK
@given(st.sampled_from([1, 3]), st.floats(0, 14_000), st.floats(0, 6_000), st.booleans(), st.sampled_from([1, 3]))
def test_more_sun_never_means_less_charge(bench, car_phases, pv_w, more_w, switches, phases):
    def charged_w(sun_w):
        house = bench(LoadpointSettings(mode=Mode.PV), LoadpointSettings(mode=Mode.MINPV))
        for box in house.boxes:
            box.traits = replace(box.traits, switches_phases=switches)
            box.car_phases, box.phases = car_phases, phases
        house.pv_w = sun_w
        house.cycles(400)
        return sum(box.power_w for box in house.boxes)

    assert charged_w(pv_w + more_w) >= charged_w(pv_w) - 2 * 3 * 0.1 * 230 - 1e-6


@QUICK
@given(st.floats(0, 10_000), st.floats(-5_000, 0), st.floats(0, 49), st.integers(0, 1))
def test_a_battery_below_its_mark_is_never_robbed(bench, export_w, battery_w, soc, mode):
    """What the battery takes is no surplus: the car may get the export and what it has, less 100 W."""
    house = bench(LoadpointSettings(mode=Mode.PV), priority_soc_percent=50.0)
    house.boxes[0].enabled, house.boxes[0].offered_a = bool(mode), 8.0
    house.battery = BatteryReading(MeterReading("battery"), soc, 10.0)
    house.battery_w = battery_w
    house.pv_w = export_w + house.load_w - battery_w
    had_w = house.boxes[0].power_w
    house.cycle()
    told_w = 690 * house.boxes[0].offered_a if house.boxes[0].enabled else 0.0
    allowed_w = max(0.0, export_w - had_w) + had_w - 100
    assert told_w <= max(allowed_w, 4140.0 if mode else 0.0) + 1e-6


@QUICK
@given(st.floats(4_000, 9_000), st.lists(st.floats(-300, 300), min_size=3, max_size=20), st.integers(0, 60))
def test_two_equal_cars_never_start_on_the_same_surplus(bench, pv_w, noise, later_s):
    """A surplus for one car starts one car."""
    house = bench(LoadpointSettings(mode=Mode.PV), LoadpointSettings(mode=Mode.PV))
    house.pv_w = min(pv_w, 8_000)
    if later_s > 10:
        house.boxes[1].plugged = False
        house.cycle(later_s)
        house.boxes[1].plugged = True
    for each in noise:
        house.load_w = max(0.0, 400 + each)
        house.cycle()
        assert sum(box.enabled for box in house.boxes) <= 1


@QUICK
@given(
    st.floats(0, 14_000),
    st.sampled_from([0, 1, 3]),
    st.sampled_from([None, 1, 2, 3]),
    st.sampled_from([1, 2, 3]),
    st.booleans(),
    st.sampled_from([None, 1, 3]),
)
@example(4081.0, 0, 2, 3, True, None)  # a switch of phases after five minutes
def test_steady_sun_starts_a_car_once_at_most_whatever_is_said_of_its_phases(
    bench, pv_w, said, vehicle_phases, car_phases, switches, physical
):
    house = bench(LoadpointSettings(mode=Mode.PV, phases=said))
    box = house.boxes[0]
    box.traits = replace(box.traits, switches_phases=switches, physical_phases=physical)
    box.car_phases, box.vehicle = car_phases, VehicleReading("car", phases=vehicle_phases)
    house.pv_w, starts, settled_s = pv_w, 0, house.now_s + 300
    for _ in range(240):
        house.cycle()
        starts += "Enable" in house.sent()
        if "SwitchPhases" in house.sent():
            settled_s = house.now_s + 150
        active = sum(each > 1 for each in box.currents_a)
        if active and house.now_s > settled_s:
            assert house.last.loadpoints[0].phases_active == active
    assert starts <= 1
    if box.enabled and box.current_a:
        assert house.grid_w <= 230 * max(1, active) * 0.2 or box.offered_a <= 6
