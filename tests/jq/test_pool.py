"""Filters of strangers run outside, with little of everything, and nobody else notices."""

import json
import os
import select
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from evcc_flask.jq.filters import FilterError
from evcc_flask.jq.pool import BusyError, Pool

STATE = json.dumps({"siteTitle": "Höme", "result": 5, "loadpoints": [{"mode": "pv", "chargePower": 1200.5}]}).encode()
BOMBS = [
    "[range(1e9)]",
    "def f: f; f",
    "def f: [f]; f",
    "last(limit(1e9; repeat(1)))",
    "reduce range(1e6) as $i (null; [.])",
    '[limit(1e7; repeat("x" * 1000000))]',
    "repeat(1)",
    '("a" * 30) | test("^(a|aa|aaa|.)*$.")',
]


def children(pid="self"):
    """Process ids of the workers of a process."""
    tasks = Path(f"/proc/{pid}/task")
    found = [child for task in tasks.iterdir() for child in (task / "children").read_text().split()]
    return [int(child) for child in found if b"jq.worker" in Path(f"/proc/{child}/cmdline").read_bytes()]


def gone(pid, within_s=5.0):
    """Whether the process ends in time."""
    try:
        handle = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    try:
        return bool(select.select([handle], [], [], within_s)[0])
    finally:
        os.close(handle)


@pytest.fixture(scope="module")
def pool():
    pool = Pool()
    yield pool
    pool.close()


@pytest.fixture
def single():
    pool = Pool(workers=1)
    yield pool
    pool.close()


def asked(pool, text, version="1", state=STATE):
    """The answer, or the error as text. A worker that starts on a busy machine may take longer than a request waits."""
    for _ in range(10):
        try:
            return json.loads(pool.ask(text, version, state))
        except FilterError as error:
            return f"error: {error}"
        except BusyError:
            continue
    raise AssertionError("never got a worker")


@pytest.mark.parametrize(
    ("text", "result"),
    [
        (".siteTitle", "Höme"),
        (".result.siteTitle", "Höme"),
        (".result", json.loads(STATE)),
        (".", json.loads(STATE)),
        (".result | .siteTitle", "Höme"),
        ('.result["siteTitle"]', "Höme"),
        (" .result.loadpoints[0].mode", "pv"),
        (".results", None),
        ("{result: {power: .loadpoints[0].chargePower}}", {"result": {"power": 1200.5}}),
        (".loadpoints | length", 1),
        ("env", {}),
        ("$ENV", {}),
        ("$ENV.PATH", None),
        ("empty", "error: empty result"),
        (".loadpoints[], 1", "error: too many results"),
    ],
)
def test_a_filter_has_exactly_one_result(pool, text, result):
    assert asked(pool, text) == result


@pytest.mark.parametrize("text", ["nan", "infinite", "[nan]", "{a: -infinite}", "1e999"])
def test_what_json_cannot_say_is_an_error(pool, text):
    assert "JSON does not have" in asked(pool, text)


@pytest.mark.parametrize(
    "text",
    [
        *("input", "inputs", "[inputs]", "halt", "halt_error", "modulemeta", 'import "a" as a; .', 'include "a"; .'),
        *("(", "foo", "\0", "." * 70_000, "x" * (1 << 20), "(" * 60_000, '"\\(' * 20_000, '"\udc80', "\\"),
        '[limit(70000; repeat("0123456789abcdef"))]',
    ],
)
def test_nonsense_and_what_is_forbidden_are_errors(pool, text):
    assert asked(pool, text).startswith("error: ")


@pytest.mark.parametrize("bomb", BOMBS)
def test_a_bomb_ends_within_two_seconds(pool, bomb):
    asked(pool, ".")
    start = time.monotonic()
    with pytest.raises((FilterError, BusyError)):
        pool.ask(bomb, "1", STATE)
    assert time.monotonic() - start < 2
    assert asked(pool, ".siteTitle | .") == "Höme"


def test_twenty_at_once_end_within_two_seconds_or_were_not_let_in(pool):
    def one(number):
        start = time.monotonic()
        try:
            pool.ask(f"{BOMBS[number % 4]} # {number}", "1", STATE)
        except (FilterError, BusyError) as error:
            return type(error), time.monotonic() - start
        raise AssertionError("a bomb had a result")

    asked(pool, ".")
    with ThreadPoolExecutor(20) as threads:
        ends = list(threads.map(one, range(20)))
    assert max(took for _, took in ends) < 2.5
    assert {error for error, _ in ends} == {FilterError, BusyError}
    assert asked(pool, ".loadpoints | length") == 1


def test_more_than_can_wait_are_sent_away_at_once(single):
    asked(single, ".")

    def one(number):
        try:
            single.ask(f"def f: f; f # {number}", "1", STATE)
        except (FilterError, BusyError) as error:
            return str(error)

    with ThreadPoolExecutor(40) as threads:
        assert "32 filters are being worked on already" in set(threads.map(one, range(40)))


def test_the_first_filter_waits_for_a_slow_start_and_later_ones_do_not(monkeypatch):
    monkeypatch.setattr("evcc_flask.jq.pool.WAIT_S", 0.001)
    pool = Pool(workers=1)
    assert pool.ask(".siteTitle", "1", STATE) == '"Höme"'.encode()
    worker = pool._idle.get()
    with pytest.raises(BusyError):
        pool.ask(".loadpoints", "1", STATE)
    pool._idle.put(worker)
    pool.close()


def test_nothing_is_started_before_the_first_filter_and_two_processes_then():
    before = set(children())
    pool = Pool()
    assert set(children()) == before
    asked(pool, ".")
    asked(pool, ". | .")
    started = set(children()) - before
    assert 1 <= len(started) <= 2
    pool.close()
    assert all(gone(pid) for pid in started)


def test_who_only_asks_does_not_load_jq():
    program = "import sys, evcc_flask.jq.pool; print({'pyjq', 'jq'} & sys.modules.keys())"
    assert subprocess.check_output([sys.executable, "-c", program], text=True) == "set()\n"


def test_a_worker_has_no_environment_and_no_way_out(single):
    before = set(children())
    asked(single, ".")
    (pid,) = set(children()) - before
    assert Path(f"/proc/{pid}/environ").read_bytes() == b""
    assert {str(name.readlink()).split(":")[0] for name in Path(f"/proc/{pid}/fd").iterdir()} == {
        "socket",
        "/dev/null",
        f"/proc/{pid}/statm",
    }
    limits = Path(f"/proc/{pid}/limits").read_text()
    soft_and_hard = {line[:26].strip(): line[26:].split()[:2] for line in limits.splitlines()}
    assert soft_and_hard["Max address space"] == ["134217728", "134217728"]
    for what in ("Max open files", "Max file size", "Max processes", "Max core file size"):
        assert int(soft_and_hard[what][1]) <= 3, what


def test_the_state_travels_once_until_it_changes(single):
    assert asked(single, ".a", "1", b'{"a": 1}') == 1
    assert asked(single, ".a + 0", "1", b'{"a": 2}') == 1
    assert asked(single, ".a + 0", "2", b'{"a": 2}') == 2


def test_what_was_asked_before_is_answered_from_memory_until_the_state_changes(single):
    assert asked(single, ".a", "1", b'{"a": 1}') == 1
    assert single.known(".a", "1") == b"1"
    assert single.known(".a", "2") is None
    assert asked(single, ".b", "2", b'{"a": 1}') is None
    assert single.known(".a", "1") is None


def test_the_memory_is_bounded(single):
    for number in range(4):
        text = f'"x" * 1000000 # {number}'
        # A second of the wall is a small part of one on a busy machine; the next try finds its worker warm.
        answers = (asked(single, text) for _ in range(10))
        assert len(next(answer for answer in answers if "took longer" not in answer)) == 1_000_000
    assert single.known('"x" * 1000000 # 0', "1") is None
    assert single.known('"x" * 1000000 # 3', "1") is not None


def test_a_killed_worker_is_replaced_unnoticed(single):
    before = set(children())
    asked(single, ".")
    (pid,) = set(children()) - before
    os.kill(pid, signal.SIGKILL)
    # Readable once the process is a zombie; the pool collects it.
    gone(pid)
    assert asked(single, ".siteTitle") == "Höme"


def test_a_worker_that_hangs_is_killed_after_a_second(single):
    before = set(children())
    asked(single, ".")
    (pid,) = set(children()) - before
    os.kill(pid, signal.SIGSTOP)
    assert asked(single, ".siteTitle") == "error: the filter took longer than 1 s"
    assert gone(pid)
    assert asked(single, ".siteTitle") == "Höme"


def test_a_worker_that_grew_large_is_replaced_and_no_request_lost(single, monkeypatch):
    small = "import evcc_flask.jq.worker as worker; worker.SPREAD = 0; worker.main()"
    monkeypatch.setattr("evcc_flask.jq.pool._START", f"import sys; sys.path[:0] = sys.argv[1:]; {small}")
    # Each is told the state anew: each is a new one.
    assert [asked(single, f". + 0 * {number}", "1", b"%d" % number) for number in range(5)] == [0, 1, 2, 3, 4]


def test_a_start_that_fails_is_told_and_tried_again(single, monkeypatch, caplog):
    with monkeypatch.context() as broken:
        broken.setattr(sys, "executable", "/bin/false")
        with pytest.raises(BusyError):
            single.ask(".", "1", STATE)
    assert "no process for jq filters could be started: /bin/false" in caplog.text
    assert asked(single, ".siteTitle") == "Höme"


@pytest.mark.parametrize("text", [".", "def f: f; f"])
def test_workers_end_with_the_server_however_it_ends(text):
    program = (
        "import sys, threading; from evcc_flask.jq.pool import *; pool = Pool(1)\n"
        "pool.ask('1', '1', b'1'); print('there', flush=True)\n"
        f"while True:\n  try: pool.ask({text!r}, '2', b'2')\n  except FilterError: pass"
    )
    server = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE)
    assert server.stdout.readline() == b"there\n"
    workers = children(server.pid)
    server.kill()
    server.wait()
    server.stdout.close()
    assert workers
    assert all(gone(pid) for pid in workers)


def test_the_local_time_needs_no_file(pool):
    assert asked(pool, "1700000000 | localtime | length") == 8
