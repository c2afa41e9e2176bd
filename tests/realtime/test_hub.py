import json
import logging

import pytest
from wsproto.events import CloseConnection, Ping, TextMessage

from evcc_flask.logs.ring import Line
from evcc_flask.realtime import hub as hubs
from evcc_flask.realtime.listener import PATIENCE_S

WARNING = Line("site", logging.WARNING, "[site  ] WARN the meter is late", "the meter is late")

LONG = Line("site", logging.ERROR, "…", "x" * 30_000)


def fill(hub):
    """More than somebody's socket takes, and less than what may wait."""
    while not any(listener.behind for listener in hub._listeners):
        if not hub._events:
            hub.say(LONG)


def test_the_first_frame_is_everything_and_the_next_ones_are_what_changed(arrives, state):
    client = arrives()
    welcome = json.loads(client.welcome)
    assert (welcome["siteTitle"], welcome["startup"], welcome["loadpoints.0.title"]) == ("Home", True, "Carport")
    state.change_loadpoint(0, priority=3)
    assert json.loads(client.next()) == {"loadpoints.0.priority": 3, "loadpoints.0.effectivePriority": 3}


def test_welcome_and_changes_together_are_the_state_whoever_comes_when(arrives, state):
    clients = []
    for power in range(1, 20):
        clients.append(arrives())
        state.change_site(residual_power_w=power)
    state.change_site(telemetry=True)
    for client in clients:
        seen = json.loads(client.welcome)
        while not seen["telemetry"]:
            seen |= json.loads(client.next())
        shown = state.published.state
        assert seen["residualPower"] == shown["residualPower"] == 19


def test_a_publication_without_any_change_is_no_frame(arrives, state):
    client = arrives()
    state.show(state.view)
    state.change_site(residual_power_w=7)
    assert json.loads(client.next()) == {"residualPower": 7}


def test_something_is_said_though_nothing_changes(arrives, hub, clock):
    client = arrives()
    clock.now_s += hubs.SILENCE_S
    hub._ring()
    assert json.loads(client.next()) == {"interval": 10}


def test_a_client_that_does_not_read_is_let_go_and_the_others_go_on(arrives, hub, state, clock):
    deaf, client = arrives(hears_log=True), arrives()
    fill(hub)
    power = 0
    while hub.listeners > 1:
        power += 1
        clock.now_s += PATIENCE_S + 1
        state.change_site(residual_power_w=power)
        assert json.loads(client.next()) == {"residualPower": power}
    while deaf.next() is not None:
        pass


def test_who_reads_slowly_gets_everything_in_order(arrives, hub, state):
    slow = arrives(hears_log=True)
    fill(hub)
    for power in range(1, 20):
        state.change_site(residual_power_w=power)
    powers = [0]
    while powers[-1] < 19:
        powers += [json.loads(slow.next()).get("residualPower", 0)]
    told = [power for power in powers if power]
    assert told == sorted(set(told))


def test_a_ping_is_answered(arrives):
    client = arrives()
    client.send(Ping(b"there?"))
    assert client.next() == "pong"


def test_a_farewell_is_returned(arrives, hub):
    client = arrives()
    client.send(CloseConnection(1000))
    assert client.next() == 1000
    assert client.next() is None


@pytest.mark.parametrize("size", [4, 100_000])
def test_nothing_may_be_said_to_us(arrives, size):
    client = arrives()
    client.send(TextMessage("x" * size))
    assert client.next() in (1008, None)


def test_what_is_no_protocol_ends_the_connection(arrives):
    client = arrives()
    client.sock.sendall(b"\xff" * 100)
    assert client.next() == 1002
    assert client.next() is None


def test_a_warning_of_the_log_is_told_to_who_may_read_the_log(arrives, hub, state):
    owner, stranger = arrives(hears_log=True), arrives()
    hub.say(Line("site", logging.INFO, "…", "all is well"))
    hub.say(WARNING)
    assert json.loads(owner.next()) == {"log": {"message": "the meter is late", "level": "warn"}}
    state.change_site(residual_power_w=1)
    assert json.loads(stranger.next()) == {"residualPower": 1}


def test_a_flood_of_warnings_loses_the_oldest_and_nothing_else(arrives, hub):
    owner = arrives(hears_log=True)
    for number in range(5000):
        hub.say(Line("site", logging.ERROR, "…", str(number)))
    heard = []
    while not heard or heard[-1] != "4999":
        heard.append(json.loads(owner.next())["log"]["message"])
    assert heard == sorted(heard, key=int)


def test_one_too_many_is_told_to_come_again_later(arrives, monkeypatch):
    monkeypatch.setattr(hubs, "MOST_LISTENERS", 2)
    arrives(), arrives()
    assert arrives().welcome == 1013


def test_at_the_end_everybody_is_told_and_who_comes_later_too(arrives, hub):
    client = arrives()
    hub.stop()
    assert client.next() == 1001
    assert arrives().welcome == 1001


def test_a_fault_of_ours_is_logged_and_clients_can_come_again(arrives, hub, state, monkeypatch, caplog):
    client = arrives()
    with monkeypatch.context() as patched:
        patched.setattr(hubs, "changed", lambda old, new: 1 / 0)
        state.change_site(residual_power_w=1)
        assert client.next() == 1001
    assert json.loads(arrives().welcome)["residualPower"] == 1
    assert "ZeroDivisionError" in caplog.text
