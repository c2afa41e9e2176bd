"""Whatever the API takes, however odd, the loop goes on and the state can be published."""

from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime

from hypothesis import given, settings
from hypothesis import strategies as st

from evcc_flask.control.compose import compose
from evcc_flask.control.state import SharedState
from evcc_flask.control.view import Facts, View
from evcc_flask.domain.assignment import with_vehicles
from evcc_flask.domain.decide import decide
from evcc_flask.domain.figures import ABSURD_A, ABSURD_KWH, ABSURD_PRICE, ABSURD_W
from evcc_flask.domain.memory import Memory
from evcc_flask.domain.moment import Moment
from evcc_flask.domain.readings import BatteryReading, ChargerReading, ChargerTraits, MeterReading, PvReading
from evcc_flask.domain.settings import LoadpointSettings, Settings
from evcc_flask.domain.snapshot import LoadpointReading, Snapshot
from evcc_flask.domain.vehicles import Vehicle, VehicleSettings
from evcc_flask.domain.wishes import LARGEST, Rejected
from evcc_flask.domain.words import Mode, Status

NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)
SITE = ("residual_power_w", "battery_grid_charge_limit")
SIZES = [
    0.0,
    5e-324,
    0.125,
    1.0,
    6.0,
    16.0,
    ABSURD_A,
    ABSURD_W,
    ABSURD_PRICE,
    ABSURD_KWH,
    1e300,
    1.7976931348623157e308,
]
NUMBERS = st.sampled_from([sign * size for size in SIZES for sign in (1, -1)])
WISHES = st.lists(st.tuples(st.sampled_from(sorted(LARGEST)), NUMBERS), max_size=12)


class Nowhere:
    def save(self, values, *more):
        return self

    def wait(self, timeout_s):
        return None


def seen(at_s):
    status = Status.B if at_s < 20 else Status.C
    traits = ChargerTraits(switches_phases=True, physical_phases=3)
    return Snapshot(
        grid=MeterReading("grid", at_s, -1500.0),
        pv=(PvReading(MeterReading("roof", at_s, 4000.0)),),
        batteries=(BatteryReading(MeterReading("store", at_s, 0.0), 55.0, 10.0, controllable=True),),
        loadpoints=(LoadpointReading(ChargerReading("box", at_s, status, enabled=True, traits=traits)),),
    )


@settings(max_examples=150, deadline=None)
@given(WISHES, st.sampled_from(Mode), st.booleans())
def test_no_setting_that_is_taken_stops_the_loop(wishes, mode, boost):
    start = Settings(
        vehicles={"car": VehicleSettings(Vehicle("car", capacity_kwh=36.0), 50, 80)},
        loadpoints=(LoadpointSettings(mode=mode, boost=boost, vehicle="car"),),
    )
    shared = SharedState(start, View(Facts(grid=True, has_battery=True), seen(0.0)), Nowhere())
    for name, value in wishes:
        with suppress(Rejected):
            if name in SITE:
                shared.change_site(**{name: value})
            else:
                shared.change_loadpoint(0, **{name: value})
    memory = Memory(0.0)
    for at_s in (0.0, 10.0, 20.0, 90.0, 400.0):
        snapshot = with_vehicles(seen(at_s), shared.settings)
        decision = decide(snapshot, shared.settings, memory, Moment(at_s, NOON))
        memory = decision.memory
        shared.show(replace(shared.view, snapshot=snapshot, decision=decision))
        assert compose(shared.view, shared.settings)["loadpoints"]
