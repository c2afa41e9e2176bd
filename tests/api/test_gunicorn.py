import os
import select
import signal
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import quote

import pytest

from tests.load import stretched
from tests.served import children, serving

BOMBS = ("[range(1e9)]", "def f: f; f", "def f: [f]; f", "last(limit(1e9; repeat(1)))")


@pytest.fixture
def serve(tmp_path):
    with serving(tmp_path) as start:
        yield start


def test_state_and_settings_over_one_connection(serve):
    connection = serve().ready().connection()
    connection.request("GET", "/api/state")
    first = connection.getresponse()
    assert b'"siteTitle":"Home"' in first.read()
    connection.request("POST", "/api/loadpoints/1/mode/pv", body=b'{"stray": "body"}')
    assert connection.getresponse().read() == b'{"result":"pv"}\n'
    connection.request("GET", "/api/state", headers={"If-None-Match": first.headers["ETag"]})
    second = connection.getresponse()
    assert (second.status, b'"mode":"pv"' in second.read()) == (200, True)
    connection.close()


def test_a_huge_body_is_refused_before_it_is_sent(serve):
    connection = serve().ready().connection()
    connection.putrequest("POST", "/api/loadpoints/1/mode/pv")
    connection.putheader("Content-Length", str(1 << 30))
    connection.endheaders()
    assert connection.getresponse().status == 413
    connection.close()


@pytest.mark.parametrize(("number", "within_s"), [(signal.SIGTERM, 5), (signal.SIGINT, 2)])
def test_the_house_is_left_in_order_though_a_connection_stays_open(serve, tmp_path, number, within_s):
    served = serve().ready()
    connection = served.connection()
    connection.request("GET", "/api/health")
    connection.getresponse().read()
    os.killpg(served.process.pid, number)
    served.ended(within_s)
    assert served.process.returncode == 0
    assert (tmp_path / "ended").exists()
    connection.close()


def test_a_house_that_takes_its_time_is_waited_for(serve, tmp_path):
    served = serve(STOPPING_TAKES_S="2.5").ready()
    os.kill(served.process.pid, signal.SIGTERM)
    served.ended(5)
    assert (tmp_path / "ended").exists()


def test_two_interrupts_do_not_cut_the_farewell_short(serve, tmp_path):
    served = serve(STOPPING_TAKES_S="1").ready()
    os.killpg(served.process.pid, signal.SIGINT)
    os.killpg(served.process.pid, signal.SIGINT)
    served.ended(5)
    assert (tmp_path / "ended").exists()


@pytest.mark.parametrize(
    ("options", "sentence"),
    [(("-w", "2"), "two controllers would fight"), (("--preload",), "Leave out --preload")],
)
def test_what_would_start_two_controllers_is_refused_with_a_sentence(serve, options, sentence):
    served = serve(*options)
    assert sentence in served.ended(10)
    assert served.process.returncode != 0


def test_a_wish_for_more_workers_is_not_granted(serve):
    served = serve().ready()
    before = served.workers()
    os.kill(served.process.pid, signal.SIGTTIN)
    connection = served.connection()
    for _ in range(3):
        connection.request("GET", "/api/health")
        connection.getresponse().read()
    assert served.workers() == before
    assert len(before) == 1
    connection.close()


def test_nothing_but_the_database_is_left_in_the_home_folder(serve, tmp_path):
    serve().ready()
    assert {path.name.split("-")[0] for path in tmp_path.iterdir()} == {"evcc.db"}


def test_twenty_hostile_filters_leave_health_and_settings_alone(serve):
    served = serve().ready()

    def bomb(number):
        return served.get("/api/state?jq=" + quote(f"{BOMBS[number % 4]} # {number}"))

    with ThreadPoolExecutor(20) as threads:
        ends = [threads.submit(bomb, number) for number in range(20)]
        looks = []
        while not all(end.done() for end in ends):
            looks.append(served.get("/api/health"))
    assert {status for status, _, _ in (end.result() for end in ends)} <= {400, 503}
    assert max(took for _, _, took in (end.result() for end in ends)) < stretched(2.5)
    assert {(status, body) for status, body, _ in looks} == {(200, b"OK\n")}
    assert len(looks) > 20 / stretched(1)
    assert max(took for _, _, took in looks) < stretched(0.5)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_the_processes_for_filters_end_with_the_server(serve, number):
    served = serve().ready()
    while served.get("/api/state?jq=.siteTitle%7C.")[0] != 200:
        pass
    (worker,) = served.workers()
    filters = [os.pidfd_open(child) for child in children(worker)]
    assert filters
    os.kill(worker, number)
    for handle in filters:
        assert select.select([handle], [], [], 5)[0]
        os.close(handle)


def test_a_shutdown_is_answered_then_leaves_the_house_in_order_and_asks_for_a_new_start(serve, tmp_path):
    served = serve(OPEN_TO_ALL="1").ready()
    connection = served.connection()
    connection.request("POST", "/api/system/shutdown")
    answer = connection.getresponse()
    assert (answer.status, answer.read()) == (204, b"")
    connection.close()
    served.ended(8)
    assert served.process.returncode == 1
    assert (tmp_path / "ended").exists()


def test_a_stranger_cannot_shut_it_down(serve):
    connection = serve().ready().connection()
    connection.request("POST", "/api/system/shutdown")
    answer = connection.getresponse()
    assert (answer.status, answer.read()) == (401, b"Unauthorized")
    connection.request("GET", "/api/health")
    assert connection.getresponse().status == 200
    connection.close()
