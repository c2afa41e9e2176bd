"""Keep-alives are a dead man's handle: they hold what was decided, stop included, and end with the loop."""

import threading
from collections.abc import Callable, Sequence
from datetime import timedelta

import pytest
import yaml

from evcc_flask.clock import SystemClock
from evcc_flask.config.load import load
from evcc_flask.control import loop as loop_module
from evcc_flask.control.loop import Loop
from evcc_flask.control.state import SharedState
from evcc_flask.control.view import View
from evcc_flask.domain.memory import Memory
from evcc_flask.simulation.wire.heidelberg import CURRENT, FAILSAFE_CURRENT, TIMEOUT_MS
from evcc_flask.simulation.wire.station import ILLEGAL_ADDRESS, Refused, Slave
from evcc_flask.simulation.wire.tcp import ModbusTcpServer
from evcc_flask.storage.database import Database
from evcc_flask.wiring import build_house
from tests.e2e.world import World, eventually, wire_s

STATUS, POWER, ENERGY, SAFE_A, TIMEOUT_S, OFFER, LIFE = 1000, 1020, 1036, 2000, 2002, 5004, 6000


class LifeBitBox(Slave):
    """A wallbox that wants a sign of life written (a Webasto Next by its table); reads do not count for it."""

    functions = frozenset({3, 4, 6, 16})

    def __init__(self, timeout_s: int, safe_a: int) -> None:
        self.words = {STATUS: 1, SAFE_A: safe_a, TIMEOUT_S: timeout_s, OFFER: safe_a, LIFE: 1}
        self.fell: list[float] = []
        self.lives = 0
        self._alive_s = wire_s()

    def read(self, table: int, address: int, count: int) -> Sequence[int]:
        self.tick()
        known = {POWER: 0, POWER + 1: 0, ENERGY: 0, ENERGY + 1: 0, 1008: 0, 1010: 0, 1012: 0} | self.words
        try:
            return [known[place] for place in range(address, address + count)]
        except KeyError:
            raise Refused(ILLEGAL_ADDRESS) from None

    def write(self, address: int, words: Sequence[int]) -> None:
        self.tick()
        self._alive_s = wire_s()
        self.lives += address == LIFE
        self.words |= dict(enumerate(words, address))

    def tick(self) -> None:
        if wire_s() - self._alive_s > self.words[TIMEOUT_S] and self.words[OFFER] != self.words[SAFE_A]:
            self.fell.append(wire_s())
            self.words[OFFER] = self.words[SAFE_A]


@pytest.fixture
def life_bit_box():
    slave = LifeBitBox(timeout_s=7, safe_a=16)
    server = ModbusTcpServer({255: slave})
    yield slave, server.port
    server.close()


def test_a_box_with_a_time_out_stays_at_0_a_for_half_an_hour(hurrying, life_bit_box):
    """Both boxes would charge with 16 A if they heard nothing; the house's clock runs 120 times as fast."""
    world: World = hurrying(120.0)
    slave, port = life_bit_box
    world.box.settings |= {TIMEOUT_MS: 8000, FAILSAFE_CURRENT: 160, CURRENT: 160}
    config = world.config("off", interval="90s")
    config["chargers"].append(
        {"name": "next", "type": "template", "template": "webasto-next", "host": "127.0.0.1", "port": port}
    )
    config["loadpoints"].append({"title": "Next", "charger": "next", "mode": "off"})
    world.serve(config)
    eventually(lambda: slave.words[OFFER] == 0 and world.box.settings[CURRENT] == 0, 8, "both boxes are told 0 A")
    since, charged_kwh = world.clock.now(), world.energy_kwh(0)
    lives = slave.lives
    seen = []

    def over() -> bool:
        seen.append(world.box.settings[CURRENT] or slave.words[OFFER])
        return world.clock.now() - since > timedelta(minutes=30)

    eventually(over, 25, "half an hour")
    assert set(seen) == {0}
    assert slave.fell == []
    assert slave.lives >= lives + 2
    assert world.energy_kwh(0) == charged_kwh


@pytest.fixture
def frozen(monkeypatch) -> Callable[[], None]:
    """Calling it freezes every loop at its next decision; the workers of the bus live on."""
    freeze, thaw, decide = threading.Event(), threading.Event(), loop_module.decide

    def decide_or_freeze(*words):
        if freeze.is_set():
            thaw.wait(60)
        return decide(*words)

    monkeypatch.setattr(loop_module, "decide", decide_or_freeze)
    yield freeze.set
    thaw.set()


def test_when_the_loop_freezes_keep_alives_end_and_boxes_fall_to_their_own_safe_current(
    world: World, life_bit_box, frozen
):
    slave, port = life_bit_box
    world.box.settings |= {TIMEOUT_MS: 6000, FAILSAFE_CURRENT: 60}
    slave.words |= {SAFE_A: 6, STATUS: 1}
    config = world.config("now")
    config["chargers"].append(
        {"name": "next", "type": "template", "template": "webasto-next", "host": "127.0.0.1", "port": port}
    )
    config["loadpoints"].append({"title": "Next", "charger": "next", "mode": "now"})
    (world.folder / "evcc.yaml").write_text(yaml.safe_dump(config), "utf-8")
    clock = SystemClock()
    built = build_house(load(world.folder / "evcc.yaml", {}), clock)
    database = Database.open(world.folder / "evcc.db", clock)
    state = SharedState(built.settings, View(), database)
    loop = Loop(state, built.house, built.field, database, clock, memory=Memory(clock.monotonic_s()))
    ended = threading.Event()
    thread = threading.Thread(target=lambda: loop.run(lambda: not ended.is_set()), daemon=True)
    thread.start()
    try:
        eventually(lambda: world.box.settings[CURRENT] == 160 and slave.words[OFFER] == 16, 15, "16 A at both")
        frozen()
        frozen_s = wire_s()
        fell_s = eventually(lambda: world.box.settings[CURRENT] == 60, 15, "the Heidelberg falls to its 6 A")
        assert fell_s > 4, "not by the freeze, by its own timer"
        eventually(lambda: slave.tick() or slave.words[OFFER] == 6, 16, "the other box falls to its 6 A")
        assert slave.fell[0] - frozen_s < 7 + 5 + 2.5, "its time-out, after one keep-alive that the lease still allowed"
        assert thread.is_alive(), "the loop is frozen, not dead"
    finally:
        ended.set()
        built.field.close()
        database.close()
