"""Sixteen connections at once, reading and writing: nothing fails, and nothing that was answered is lost."""

import json
import os
import signal
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.served import serving

ROUNDS = 25
SETTINGS = [
    *(
        (f"loadpoints/{number}/{word}", lambda state, index=number - 1, key=key: state["loadpoints"][index][key])
        for number in (1, 2)
        for word, key in (("priority", "priority"), ("enable/threshold", "enableThreshold"))
    ),
    ("residualpower", lambda state: state["residualPower"]),
    ("batterygridchargelimit", lambda state: state["batteryGridChargeLimit"]),
    ("vehicles/golf/minsoc", lambda state: state["vehicles"]["golf"]["minSoc"]),
    ("vehicles/bike/limitsoc", lambda state: state["vehicles"]["bike"]["limitSoc"]),
]
READS = ("health", "sessions", "state?jq=.siteTitle", "state?jq=.loadpoints%7Clength", "explain", "changes?count=5")


@pytest.fixture
def serve(tmp_path):
    with serving(tmp_path) as start:
        yield start


def worked(served, number):
    """What one client was answered: the statuses, and each write that the state did not show at once."""
    connection, statuses, lost = served.connection(), set(), []

    def ask(method, path):
        connection.request(method, f"/api/{path}")
        answer = connection.getresponse()
        body = answer.read()
        statuses.add(answer.status)
        return body

    for value in range(1, ROUNDS + 1):
        if number < len(SETTINGS):
            path, shown = SETTINGS[number]
            ask("POST", f"{path}/{value}")
            if shown(json.loads(ask("GET", "state"))["result"]) != value:
                lost.append((path, value))
        else:
            ask("GET", READS[(number + value) % len(READS)])
    connection.close()
    return statuses, lost


def test_sixteen_connections_lose_nothing_not_even_by_a_power_cut(serve):
    served = serve().ready()
    while served.get("/api/state?jq=.loadpoints%7Clength")[0] != 200:  # the first filter starts its processes
        pass
    with ThreadPoolExecutor(16) as threads:
        answers = list(threads.map(lambda number: worked(served, number), range(16)))
    assert set().union(*(statuses for statuses, _ in answers)) == {200}
    assert [each for _, lost in answers for each in lost] == []
    os.killpg(served.process.pid, signal.SIGKILL)
    served.process.wait()
    again = serve().ready()
    state = json.loads(again.get("/api/state")[1])["result"]
    assert {path: shown(state) for path, shown in SETTINGS} == dict.fromkeys(dict(SETTINGS), ROUNDS)
