"""How long the planner takes for 1,000 slots: ten days of quarters of an hour, of which 160 are charged in."""

from datetime import UTC, datetime, timedelta
from random import Random

from evcc_flask.clock import SystemClock
from evcc_flask.domain.rates import SLOT, Rate
from evcc_flask.planning.slots import schedule

SLOTS, RUNS = 1000, 50
WAYS = {"cheapest": {}, "last hour reserved": {"precondition_s": 3600.0}, "in one piece": {"continuous": True}}


def main() -> None:
    clock, chance = SystemClock(), Random(1)
    now = datetime(2026, 5, 4, tzinfo=UTC)
    rates = [Rate(now + i * SLOT, now + (i + 1) * SLOT, chance.uniform(-0.1, 0.5)) for i in range(SLOTS)]
    for name, way in WAYS.items():
        took = []
        for _ in range(RUNS):
            began = clock.wire_s()
            schedule(rates, timedelta(hours=40).total_seconds(), rates[-1].end, now, **way)
            took.append(clock.wire_s() - began)
        print(f"{name}: {SLOTS} slots in {sorted(took)[RUNS // 2] * 1000:.1f} ms (median of {RUNS})")


if __name__ == "__main__":
    main()
