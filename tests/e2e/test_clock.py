"""A clock that is not to be trusted: a Pi wakes up in a past year, and until that is mended no wall time counts."""

from datetime import datetime, timedelta

from evcc_flask.clock import DemoClock
from evcc_flask.storage.database import Database
from tests.e2e.world import codes, eventually, wire_s


def test_until_the_clock_is_trusted_nothing_acts_on_wall_time_and_the_reason_says_so(world):
    later = datetime.now().astimezone() + timedelta(days=400)
    before = Database.open(world.folder / "evcc.db", DemoClock(wire_s(), later))
    before.save({"residualPower": 0})
    before.close()
    world.sun_w(0.0)
    server = world.serve(world.config("pv", "now"))
    soon = (later + timedelta(minutes=30)).isoformat(timespec="seconds").replace("+", "%2B")
    server.post(f"/api/loadpoints/1/plan/energy/20/{soon}")
    state = server.until(
        lambda state: "plan_waits_for_clock" in codes(state["loadpoints"][0]["reasons"]), 10, "the reason is said"
    )
    assert state["decidedAt"] is None
    eventually(lambda: world.power_w(1) > 10_000, 10, "fast charging needs no clock")
    assert not world.house.boxes[0].enabled
