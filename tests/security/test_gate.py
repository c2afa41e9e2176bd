"""The gate by itself: many at once, a disk that is full, what is remembered and for how long."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from evcc_flask.security.brake import Brake, Braked, network
from evcc_flask.security.gate import MOST_SESSIONS, Gate, WrongPassword
from evcc_flask.security.redaction import REDACTOR
from evcc_flask.security.visitors import Names, Pages, Proxies, host_of
from evcc_flask.storage.database import Database

WORD = "open sesame"


class Clock:
    """Moved by hand; the wall clock may be set apart from it."""

    def __init__(self):
        self.s = 0.0
        self.set_by_s = 0.0

    def monotonic_s(self):
        return self.s

    def now(self):
        return datetime(2026, 5, 4, tzinfo=UTC) + timedelta(seconds=self.s + self.set_by_s)

    def trusted(self):
        return True


@pytest.fixture
def clock(monkeypatch):
    monkeypatch.setattr("evcc_flask.security.passwords.METHOD", "scrypt:1024:8:1")
    return Clock()


@pytest.fixture
def database(tmp_path, clock):
    database = Database.open(tmp_path / "house.db", clock)
    yield database
    database.close()


@pytest.fixture
def gate(database, clock):
    gate = Gate(database, clock)
    gate.change(None, WORD, "", None)
    return gate


def test_of_many_tries_at_once_five_are_checked(gate):
    start = threading.Barrier(20)

    def tried(_):
        start.wait(10)
        try:
            gate.login("no", "10.0.0.1")
        except (WrongPassword, Braked) as refusal:
            return type(refusal)

    with ThreadPoolExecutor(20) as pool:
        outcomes = list(pool.map(tried, range(20)))
    assert (outcomes.count(WrongPassword), outcomes.count(Braked)) == (5, 15)


def test_many_logins_at_once_are_all_remembered(gate):
    with ThreadPoolExecutor(4) as pool:
        visits = list(pool.map(lambda _: gate.login(WORD, "10.0.0.1"), range(4)))
    assert all(gate.right(visit.text, None) for visit in visits)


def test_the_oldest_session_ends_when_there_are_too_many(gate, database):
    first = gate.login(WORD, "").text
    rows = database.settings()["auth.sessions"]
    database.save({"auth.sessions": rows | {f"s{n}": 2**40 for n in range(MOST_SESSIONS - 1)}}).wait(2)
    second = gate.login(WORD, "").text
    assert (bool(gate.right(first, None)), bool(gate.right(second, None))) == (False, True)
    assert len(database.settings()["auth.sessions"]) == MOST_SESSIONS


def test_of_two_who_set_the_first_password_one_comes_too_late(database, clock):
    gate = Gate(database, clock)
    start = threading.Barrier(2)

    def first(word):
        start.wait(10)
        try:
            return gate.change(None, word, "", None)
        except (WrongPassword, ValueError):
            return "too late"

    with ThreadPoolExecutor(2) as pool:
        assert sorted(map(str, pool.map(first, ("one", "two")))) == ["True", "too late"]


class Full:
    """A disk that takes nothing."""

    def __init__(self):
        self.asked = 0

    def settings(self):
        self.asked += 1
        return {}

    def save(self, values):
        return self

    def wait(self, timeout_s):
        return "disk full"


def test_while_the_disk_is_full_what_was_said_counts(clock):
    gate = Gate(Full(), clock)
    gate.change(None, WORD, "", None)
    clock.s += 10
    assert gate.password_set
    visit = gate.login(WORD, "")
    clock.s += 10
    assert gate.right(visit.text, None)


@pytest.mark.parametrize("set_by_s", [-10 * 365 * 86400, -30, 0])
def test_a_clock_set_back_between_two_runs_holds_nobody_longer_than_a_minute(gate, database, clock, set_by_s):
    for _ in range(5):
        with pytest.raises(WrongPassword):
            gate.login("no", "10.0.0.1")
    clock.set_by_s = set_by_s
    again = Gate(database, clock)
    with pytest.raises(Braked) as braked:
        again.login(WORD, "10.0.0.1")
    assert braked.value.retry_after_s <= 60
    clock.s += 60
    assert again.login(WORD, "10.0.0.1")


@pytest.mark.parametrize("rows", [{"auth.tries": 5}, {"auth.tries": {"a": [None, "x"]}, "auth.addresses": 7}, {}])
def test_rows_that_make_no_sense_are_passed_over(rows, clock):
    assert Brake(rows, clock, print).checked("a", lambda: True)


def test_a_gate_over_rows_that_make_no_sense_lets_nobody_in(database, clock):
    database.save({"adminPassword": 5, "auth.key": "short", "auth.sessions": [1], "auth.keys": {"a": 1}}).wait(2)
    gate = Gate(database, clock)
    assert not gate.password_set
    assert not gate.right("x", "evcc_" + "x" * 43)


@pytest.mark.parametrize(
    ("address", "place"),
    [
        ("192.168.1.5", "192.168.1.5"),
        ("::ffff:192.168.1.5", "192.168.1.5"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("", ""),
    ],
)
def test_a_household_counts_as_one_address(address, place):
    assert network(address) == place


def test_neither_a_session_nor_a_key_leaves_in_a_text(gate):
    session = gate.login(WORD, "").text
    key = "evcc_" + "aB3-_" * 8 + "xyz"
    said = REDACTOR.text(f"GET /x with cookie auth {session} and {key}")
    assert session not in said
    assert key not in said


@pytest.mark.parametrize("header", ["", "a:b:c", "[::1", "a/b", "a:123456", "ä", "a\nb", "a b"])
def test_nonsense_is_no_host(header):
    assert host_of(header) is None
    assert not Names(()).known(header)


def test_usual_ports_need_not_be_named():
    pages = Pages(("https://sun.example:443",))
    assert pages.listed("https://sun.example")
    assert not pages.listed("http://sun.example")
    assert not pages.foreign("http://house.lan", "house.lan:80")
    assert not pages.foreign("https://house.lan", "house.lan")
    assert pages.foreign("http://house.lan:81", "house.lan")


def test_a_proxy_is_known_by_its_network():
    trusted = Proxies(("172.17.0.0/16", "::1")).trusted
    assert [trusted(each) for each in ("172.17.3.4", "::ffff:172.17.3.4", "::1", "172.18.0.1", "", "x")] == [
        *(True, True, True),
        *(False, False, False),
    ]
