"""Numbers in an InfluxDB: a real HTTP server takes them, and is sometimes not there."""

import gzip
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import pytest

from evcc_flask.domain.backoff import Backoff
from evcc_flask.domain.issues import Misconfigured
from evcc_flask.integrations.influx import Influx, InfluxSpec, influx_spec
from evcc_flask.integrations.lines import lines
from tests.broker import eventually, free_port

from .conftest import seen


class Database(ThreadingHTTPServer):
    """Takes lines as InfluxDB does. ``status``: what it answers."""

    daemon_threads = True

    def __init__(self, port: int = 0) -> None:
        self.status = 204
        self.asked: list[tuple[str, dict[str, list[str]], str | None]] = []
        self.lines: list[str] = []
        super().__init__(("127.0.0.1", port), Taking)
        threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True).start()


class Taking(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        url = urlsplit(self.path)
        body = self.rfile.read(int(self.headers["Content-Length"]))
        body = gzip.decompress(body) if self.headers.get("Content-Encoding") == "gzip" else body
        self.server.asked.append((url.path, parse_qs(url.query), self.headers.get("Authorization")))
        if self.server.status < 300:
            self.server.lines += body.decode().splitlines()
        self.send_response(self.server.status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *args: object) -> None:
        """Quiet."""


@pytest.fixture
def database() -> Iterator[Database]:
    database = Database()
    yield database
    database.shutdown()
    database.server_close()


def spec(database: Database, **more: str) -> InfluxSpec:
    return InfluxSpec(f"http://127.0.0.1:{database.server_port}", "evcc", **more)


def test_every_number_of_a_cycle_is_written_by_evccs_names(state, clock, during, database):
    during(Influx(spec(database), state, clock))
    state.show(seen(grid_w=500.0, cycle=1))
    eventually(lambda: database.lines)
    head = {line.rsplit(" ", 1)[0] for line in database.lines}
    assert "gridPower value=500.0" in head
    assert "gridCurrents l1=1.0,l2=2.0,l3=3.0" in head
    assert "batterySoc,id=1 value=50.0" in head
    assert "minCurrent,loadpoint=Carport value=6.0" in head
    assert {abs(int(line.rsplit(" ", 1)[1]) - clock.now().timestamp()) < 60 for line in database.lines} == {True}
    path, query, authorization = database.asked[0]
    assert (path, query["db"], query["precision"], authorization) == ("/write", ["evcc"], ["s"], None)


def test_version_two_has_a_token_and_a_bucket(state, clock, during, database):
    during(Influx(spec(database, token="t0ken", org="home"), state, clock))
    state.show(seen(cycle=1))
    path, query, authorization = eventually(lambda: database.asked)[0]
    assert (path, query["bucket"], query["org"]) == ("/api/v2/write", ["evcc"], ["home"])
    assert authorization == "Token t0ken"


def test_version_one_has_a_user(state, clock, during, database):
    during(Influx(spec(database, user="me", password="secret"), state, clock))
    state.show(seen(cycle=1))
    assert eventually(lambda: database.asked)[0][2] == "Basic bWU6c2VjcmV0"


def test_a_setting_alone_is_no_cycle(state, clock, during, database):
    during(Influx(spec(database), state, clock))
    state.show(seen(cycle=1))
    eventually(lambda: database.asked)
    state.change_loadpoint(0, min_current_a=8.0)
    state.show(seen(cycle=2))
    eventually(lambda: len(database.asked) == 2)
    assert sum(line.startswith("gridPower ") for line in database.lines) == 2


def test_what_a_gone_database_missed_is_written_later(state, clock, during, monkeypatch, caplog):
    monkeypatch.setattr("evcc_flask.integrations.influx.PATIENCE", Backoff(0.05, 0.1))
    port = free_port()
    during(Influx(InfluxSpec(f"http://127.0.0.1:{port}", "evcc"), state, clock))
    state.show(seen(grid_w=1.0, cycle=1))
    eventually(lambda: "does not answer" in caplog.text)
    state.show(seen(grid_w=2.0, cycle=2))
    late = Database(port)
    try:
        eventually(lambda: sum(line.startswith("gridPower ") for line in late.lines) == 2)
    finally:
        late.shutdown()
        late.server_close()


def test_lines_that_it_does_not_take_stop_nothing(state, clock, during, database, caplog):
    database.status = 400
    during(Influx(spec(database), state, clock))
    state.show(seen(cycle=1))
    eventually(lambda: "does not take some of it" in caplog.text)
    database.status = 204
    state.show(seen(cycle=2))
    eventually(lambda: database.lines)


def test_names_with_signs_cannot_make_lines_of_their_own():
    state = {"loadpoints": [{"title": "Car, port=1\nx y\\", "chargePower": 7.5, "vehicleTitle": ""}]}
    assert lines(state, 9) == rb"chargePower,loadpoint=Car\,\ port\=1\ x\ y value=7.5 9"
    state = {"loadpoints": [{"title": "\\", "chargePower": 7.5, "vehicleTitle": "a\\b"}]}
    assert lines(state, 9) == rb"chargePower,vehicle=a\\b value=7.5 9"


def test_all_that_is_wrong_with_the_section_is_said():
    with pytest.raises(ExceptionGroup) as found:
        influx_spec({"token": "t"})
    assert [(problem.path, type(problem)) for problem in found.value.exceptions] == [
        (("url",), Misconfigured),
        (("database",), Misconfigured),
        (("org",), Misconfigured),
    ]
