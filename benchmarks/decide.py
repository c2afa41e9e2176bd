"""Decisions per second for two loadpoints with battery and circuits, and how long a simulated day takes."""

from pathlib import Path

from evcc_flask.clock import SystemClock
from evcc_flask.domain.decide import decide
from evcc_flask.domain.memory import Memory
from evcc_flask.domain.moment import Moment
from evcc_flask.domain.readings import BatteryReading, ChargerReading, ChargerTraits, MeterReading, PvReading
from evcc_flask.domain.settings import Circuit, LoadpointSettings, Settings
from evcc_flask.domain.snapshot import LoadpointReading, Snapshot
from evcc_flask.domain.words import Mode, Status
from evcc_flask.simulation.replay import run
from evcc_flask.simulation.scenario import read

DECISIONS = 5000
DAY = Path(__file__).parent.parent / "tests" / "scenarios" / "day_with_a_home_battery.yaml"


def snapshot(at_s: float, power_w: float) -> Snapshot:
    """Two cars, one charging; readings as old as the cycle."""
    currents = (10.0, 10.0, 10.0)
    return Snapshot(
        grid=MeterReading("grid", at_s, power_w, currents_a=(power_w / 690,) * 3),
        pv=(PvReading(MeterReading("roof", at_s, 9000.0)),),
        batteries=(BatteryReading(MeterReading("battery", at_s, -500.0), 60.0, 10.0, True),),
        loadpoints=tuple(
            LoadpointReading(
                ChargerReading(
                    name,
                    at_s,
                    status,
                    enabled=True,
                    power_w=6900.0 if status is Status.C else 0.0,
                    power_at_s=at_s,
                    currents_a=currents if status is Status.C else (0.0, 0.0, 0.0),
                    traits=ChargerTraits(switches_phases=True, physical_phases=3, has_power=True),
                )
            )
            for name, status in (("carport", Status.C), ("garage", Status.B))
        ),
    )


def main() -> None:
    clock = SystemClock()
    settings = Settings(
        circuits=(Circuit("main", max_current_a=35.0), Circuit("garage", parent="main", max_current_a=20.0)),
        loadpoints=(
            LoadpointSettings("Carport", Mode.PV, circuit="garage"),
            LoadpointSettings("Garage", Mode.PV, circuit="garage"),
        ),
    )
    memory = Memory()
    now = clock.now()
    began = clock.wire_s()
    for cycle in range(DECISIONS):
        at_s = 1000.0 + 10.0 * cycle
        decision = decide(snapshot(at_s, -1500.0 + 2500.0 * (cycle % 7) / 6), settings, memory, Moment(at_s, now))
        memory = decision.memory
    print(f"{DECISIONS / (clock.wire_s() - began):.0f} decisions/s for two loadpoints, battery and circuits")

    scenario = read(DAY)
    began = clock.wire_s()
    trace = run(scenario)
    print(f"{scenario.title}: {len(trace.cycles)} cycles in {clock.wire_s() - began:.2f} s")


main()
