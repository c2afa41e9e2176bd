"""A box whose current expires is told the last decision again, over the wire: a stop stays a stop, whoever writes."""

from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass
from threading import Condition

import pytest

from evcc_flask.bus.bus import Bus
from evcc_flask.clock import SystemClock
from evcc_flask.devices import library
from evcc_flask.devices.charger import SourceCharger
from evcc_flask.devices.registry import build_charger
from evcc_flask.domain.commands import ChargerCommand, Disable, Enable, Ending, OfferCurrent
from evcc_flask.plugins.shop import Workshop
from tests.devices.images import described, words
from tests.wire.slaves import Image, TcpSlave

REPEATING = [
    name for name, row in library.rows().items() if (kept := row.get("keepalive")) and not {"read", "write"} & {*kept}
]
"""Rows whose keep-alive is the set-point itself."""


class Watched(Image):
    """An image that tells when it was written."""

    def __init__(self, name: str) -> None:
        super().__init__(words(described(name)))
        self._heard = Condition()

    def answer(self, pdu: bytes) -> bytes:
        with self._heard:
            answer = super().answer(pdu)
            self._heard.notify_all()
            return answer

    def written_since(self, before: int, count: int) -> list[str]:
        """The next ``count`` writes after the first ``before``."""
        with self._heard:
            assert self._heard.wait_for(lambda: len(self.writes) >= before + count, 5), "nothing was written"
            return self.writes[before : before + count]


@dataclass
class Scene:
    box: SourceCharger
    image: Watched
    bus: Bus
    clock: SystemClock

    def fetch(self) -> None:
        assert self.bus.refresh(list(self.box.needs())).wait(5)

    def send(self, *commands: ChargerCommand) -> list[str]:
        """The frames that the commands became."""
        before = len(self.image.writes)
        for command in commands:
            ended = Condition()
            outcome: list[tuple[Ending, str]] = []

            def done(ending: Ending, error: str, ended=ended, outcome=outcome) -> None:
                with ended:
                    outcome.append((ending, error))
                    ended.notify_all()

            self.box.send(command, done)
            with ended:
                assert ended.wait_for(lambda outcome=outcome: outcome, 5)
            assert outcome == [(Ending.TAKEN, "")]
        return self.image.writes[before:]


@pytest.fixture
def scene(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Scene]:
    name = request.param
    monkeypatch.setitem(library.rows()[name]["keepalive"], "every", "50ms")
    clock, image = SystemClock(), Watched(name)
    bus, slave = Bus(clock), TcpSlave({described(name)["unit"]: image})
    params = {"template": name, "host": "127.0.0.1", "port": slave.port}
    yield Scene(build_charger("box", "template", params, Workshop(bus, clock)), image, bus, clock)
    bus.close()
    slave.close()


def test_alfen_is_such_a_row() -> None:
    assert "alfen" in REPEATING


@pytest.mark.parametrize("scene", REPEATING, indirect=True)
def test_after_a_stop_the_keep_alive_writes_the_stop_though_somebody_else_enabled_the_box(scene: Scene) -> None:
    scene.fetch()
    scene.send(OfferCurrent(0, 16.0), Enable(0))
    running = deepcopy(scene.image.tables)
    stop = scene.send(Disable(0))
    scene.image.tables = running
    scene.fetch()
    assert scene.box.reading().enabled is True
    before = len(scene.image.writes)
    scene.box.renew(scene.clock.monotonic_s() + 20)
    assert scene.image.written_since(before, 2) == stop * 2


@pytest.mark.parametrize("scene", REPEATING, indirect=True)
def test_while_it_is_to_charge_the_keep_alive_writes_its_current(scene: Scene) -> None:
    scene.fetch()
    offer = scene.send(OfferCurrent(0, 16.0))
    before = len(scene.image.writes)
    scene.box.renew(scene.clock.monotonic_s() + 20)
    assert scene.image.written_since(before, 2) == offer * 2
