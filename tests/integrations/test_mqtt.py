"""The state on a real broker: retained, as it changes, with a last will; and wishes from there."""

import json
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from unittest.mock import ANY

import pytest

from evcc_flask.bus.mqtt import MqttSpec
from evcc_flask.domain.changes import Who
from evcc_flask.domain.settings import ExternalBatteryMode
from evcc_flask.domain.words import BatteryMode, Mode
from evcc_flask.integrations.publisher import Publisher
from evcc_flask.integrations.topics import below, topics
from tests.broker import Broker, eventually

from .brokered import retained
from .conftest import seen
from .relay import Relay


@pytest.fixture
def publish(state, clock, broker: Broker, during) -> Callable[..., Publisher]:
    def publish(**spec) -> Publisher:
        spec = {"host": "127.0.0.1", "port": broker.port} | spec
        tell = lambda published: below("evcc", topics(published.state))  # noqa: E731
        return during(Publisher(MqttSpec(**spec), "evcc", state, clock, tell))

    return publish


def test_the_whole_state_is_retained(publish, broker, speaker):
    speaker.listens("evcc/#")
    publish()
    speaker.hears("evcc/status", "online")
    speaker.hears("evcc/site/grid/power", "-1234.6")
    eventually(lambda: "evcc/updated" in retained(broker))
    kept = retained(broker)
    assert kept["evcc/loadpoints"] == "2"
    assert kept["evcc/loadpoints/1/mode"] == "pv"
    assert kept["evcc/vehicles/tesla/title"] == "Model 3"
    assert kept["evcc/site/siteTitle"] == "Home"
    assert kept["evcc/site/grid/currents/3"] == "3"
    assert abs(int(kept["evcc/updated"]) - datetime.now(UTC).timestamp()) < 60
    assert "evcc/loadpoints/1/planTime" not in kept, "what is not known has no retained message"


def test_only_what_has_changed_is_told_again(publish, state, broker, speaker):
    publish()
    eventually(lambda: "evcc/updated" in retained(broker))
    speaker.listens("evcc/site/#")
    before = len(speaker.heard)
    state.show(seen(grid_w=500.0))
    speaker.hears("evcc/site/grid/power", "500")
    state.show(seen(grid_w=600.0))
    speaker.hears("evcc/site/grid/power", "600")
    assert {where for where, _, kept in speaker.heard[before:] if not kept} == {"evcc/site/grid/power"}


WISHES = [
    ("loadpoints/1/batteryBoost", "true", lambda s: s.loadpoints[0].boost),
    ("loadpoints/1/mode", "now", lambda s: s.loadpoints[0].mode is Mode.NOW),
    ("loadpoints/2/minCurrent", "8.5", lambda s: s.loadpoints[1].min_current_a == 8.5),
    ("loadpoints/2/maxCurrent", "10", lambda s: s.loadpoints[1].max_current_a == 10),
    ("loadpoints/1/phases", "1", lambda s: s.loadpoints[0].phases == 1),
    ("loadpoints/1/phasesConfigured", "3", lambda s: s.loadpoints[0].phases == 3),
    ("loadpoints/1/limitSoc", "80", lambda s: s.loadpoints[0].limit_soc_percent == 80),
    ("loadpoints/1/limitEnergy", "12.5", lambda s: s.loadpoints[0].limit_energy_kwh == 12.5),
    ("loadpoints/1/priority", "2", lambda s: s.loadpoints[0].priority == 2),
    ("loadpoints/1/enableThreshold", "-500", lambda s: s.loadpoints[0].enable.power_w == -500),
    ("loadpoints/1/enableDelay", "90", lambda s: s.loadpoints[0].enable.delay_s == 90),
    ("loadpoints/1/disableThreshold", "200", lambda s: s.loadpoints[0].disable.power_w == 200),
    ("loadpoints/1/disableDelay", "300", lambda s: s.loadpoints[0].disable.delay_s == 300),
    ("loadpoints/1/smartCostLimit", "0.2", lambda s: s.loadpoints[0].smart_cost_limit == 0.2),
    ("loadpoints/1/smartFeedInPriorityLimit", "0.1", lambda s: s.loadpoints[0].smart_feed_in_limit == 0.1),
    ("loadpoints/1/vehicle", "tesla", lambda s: s.loadpoints[0].vehicle == "tesla"),
    ("vehicles/tesla/minSoc", "20", lambda s: s.vehicles["tesla"].min_soc_percent == 20),
    ("vehicles/tesla/limitSoc", "90", lambda s: s.vehicles["tesla"].limit_soc_percent == 90),
    ("site/prioritySoc", "30", lambda s: s.priority_soc_percent == 30),
    ("site/bufferSoc", "40", lambda s: s.buffer_soc_percent == 40),
    ("site/bufferStartSoc", "50", lambda s: s.buffer_start_soc_percent == 50),
    ("site/residualPower", "-100", lambda s: s.residual_power_w == -100),
    ("site/batteryDischargeControl", "true", lambda s: s.battery_discharge_control),
    ("site/batteryGridChargeLimit", "0.15", lambda s: s.battery_grid_charge_limit == 0.15),
    ("site/smartCostLimit", "0.3", lambda s: s.loadpoints[1].smart_cost_limit == 0.3),
    ("site/smartFeedInPriorityLimit", "0.4", lambda s: s.loadpoints[1].smart_feed_in_limit == 0.4),
    ("site/batteryMode", "hold", lambda s: s.external_battery_mode == ExternalBatteryMode(BatteryMode.HOLD, ANY)),
]


def test_every_setter_sets_and_is_answered_and_cleared(publish, state, broker, speaker):
    publish()
    eventually(lambda: "evcc/updated" in retained(broker))
    for place, text, came_true in WISHES:
        speaker.says(f"evcc/{place}/set", text)
        eventually(lambda came_true=came_true: came_true(state.settings))
    assert not [topic for topic in eventually(lambda: cleared(broker)) if topic.endswith("/set")]
    assert retained(broker)["evcc/loadpoints/2/minCurrent"] == "8.5"


def cleared(broker: Broker) -> dict[str, str] | None:
    kept = retained(broker)
    return None if any(topic.endswith("/set") for topic in kept) else kept


def test_a_word_takes_a_limit_or_a_car_back(publish, state, broker, speaker):
    state.change_loadpoint(0, smart_cost_limit=0.2)
    state.assign_vehicle(0, "tesla")
    publish()
    eventually(lambda: "evcc/updated" in retained(broker))
    speaker.says("evcc/loadpoints/1/smartCostLimit/set", "none")
    speaker.says("evcc/loadpoints/1/vehicle/set", "-")
    eventually(lambda: state.settings.loadpoints[0].smart_cost_limit is None)
    eventually(lambda: state.settings.loadpoints[0].vehicle is None)


def test_plans_are_json(publish, state, broker, speaker):
    publish()
    eventually(lambda: "evcc/updated" in retained(broker))
    at = (datetime.now(UTC) + timedelta(hours=8)).replace(microsecond=0)
    wish = {"time": at.isoformat(), "precondition": 1800}
    speaker.says("evcc/loadpoints/1/planEnergy/set", json.dumps(wish | {"value": 20}))
    speaker.says("evcc/vehicles/tesla/planSoc/set", json.dumps(wish | {"value": 80}))
    made = eventually(lambda: state.settings.vehicles["tesla"].plan)
    assert (made.soc_percent, made.time, made.precondition_s) == (80, at, 1800)
    assert state.settings.loadpoints[0].energy_plan.energy_kwh == 20
    speaker.says("evcc/vehicles/tesla/planSoc/set", json.dumps(wish | {"value": 0}))
    eventually(lambda: state.settings.vehicles["tesla"].plan is None)


@pytest.mark.parametrize(
    ("topic", "text", "why"),
    [
        ("loadpoints/1/mode", "fast", "'fast' is none of off, pv, minpv, now"),
        ("loadpoints/9/mode", "pv", "there is no loadpoint 9"),
        ("loadpoints/1/minCurrent", "40", "min current 40 A must not be above max current 16 A"),
        ("loadpoints/1/color", "red", "color cannot be set"),
        ("loadpoints/1/planEnergy", "{", "is no plan"),
        ("vehicles/nobody/minSoc", "20", "not found: nobody"),
        ("vehicles/tesla/minSoc", "nan", "'nan' is no number"),
        ("site/prioritySoc", "101", "101 is above 100"),
    ],
)
def test_a_wish_that_cannot_be_says_why_and_changes_nothing(publish, state, broker, speaker, caplog, topic, text, why):
    before = state.settings
    publish()
    eventually(lambda: "evcc/updated" in retained(broker))
    speaker.says(f"evcc/{topic}/set", text)
    eventually(lambda: why in caplog.text)
    assert state.settings == before


def test_the_journal_knows_who_it_was(publish, state, keeper, broker, speaker):
    publish()
    eventually(lambda: "evcc/updated" in retained(broker))
    speaker.says("evcc/loadpoints/1/mode/set", "off")
    change = eventually(lambda: keeper.changes and keeper.changes[-1])
    assert (change.origin.who, change.new) == (Who.MQTT, "off")


def test_what_an_earlier_house_has_left_is_erased(publish, state, broker, speaker):
    speaker.says("evcc/loadpoints/3/mode", "pv")
    speaker.says("evcc/site/forgotten", "1")
    speaker.says("other/topic", "stays")
    publish()
    eventually(lambda: "evcc/updated" in retained(broker))
    kept = retained(broker)
    assert "evcc/loadpoints/3/mode" not in kept
    assert "evcc/site/forgotten" not in kept
    assert kept["other/topic"] == "stays"


def test_a_wish_that_was_retained_before_the_start_is_erased_and_not_carried_out(
    publish, state, broker, speaker, caplog
):
    speaker.says("evcc/loadpoints/1/mode/set", "now")
    publish()
    eventually(lambda: "evcc/updated" in retained(broker))
    assert "evcc/loadpoints/1/mode/set" not in retained(broker)
    assert (
        "wishes of a time before this start are erased and not carried out: evcc/loadpoints/1/mode/set" in caplog.text
    )
    assert state.settings.loadpoints[0].mode is Mode.PV
    speaker.says("evcc/loadpoints/1/mode/set", "off")
    eventually(lambda: state.settings.loadpoints[0].mode is Mode.OFF)


def test_a_wish_that_was_retained_while_the_connection_was_cut_is_carried_out(publish, state, broker, speaker, relay):
    publish(port=relay.port)
    eventually(lambda: "evcc/updated" in retained(broker))
    speaker.listens("evcc/status")
    relay.cut()
    speaker.hears("evcc/status", "offline")
    speaker.says("evcc/loadpoints/1/mode/set", "now")
    eventually(lambda: state.settings.loadpoints[0].mode is Mode.NOW)


def test_at_the_end_nothing_but_the_status_is_left(publish, broker):
    publisher = publish()
    eventually(lambda: "evcc/updated" in retained(broker))
    publisher.stop()
    assert retained(broker) == {"evcc/status": "offline"}


@pytest.fixture
def relay(broker):
    relay = Relay(broker.port)
    yield relay
    relay.close()


def test_a_crash_is_told_by_the_last_will(publish, broker, speaker, relay):
    publish(port=relay.port)
    eventually(lambda: "evcc/updated" in retained(broker))
    speaker.listens("evcc/status")
    relay.cut()
    speaker.hears("evcc/status", "offline")
    eventually(lambda: retained(broker)["evcc/status"] == "online")


def test_a_slow_broker_hears_the_newest_state_and_no_backlog(publish, state, broker, speaker, relay):
    publish(port=relay.port)
    eventually(lambda: "evcc/updated" in retained(broker))
    speaker.listens("evcc/site/grid/power")
    relay.flows.clear()
    for power_w in range(1, 300):
        state.show(seen(grid_w=float(power_w)))
    relay.flows.set()
    speaker.hears("evcc/site/grid/power", "299")
    assert len(speaker.heard) < 10, "states that are past are not told"


def test_a_broker_that_comes_back_hears_all_of_it(publish, state, broker, caplog):
    publish()
    eventually(lambda: "evcc/updated" in retained(broker))
    broker.stop()
    eventually(lambda: "The state is told there later" in caplog.text)
    state.change_loadpoint(0, mode=Mode.OFF)
    broker.start()
    eventually(lambda: retained(broker).get("evcc/loadpoints/1/mode") == "off")


def test_a_broker_that_is_gone_keeps_nobody_waiting(state, clock, during):
    absent = MqttSpec("127.0.0.1", 1)
    publisher = during(Publisher(absent, "evcc", state, clock, lambda published: {}))
    began_s = clock.wire_s()
    for power_w in range(200):
        state.show(seen(grid_w=float(power_w)))
    publisher.stop()
    assert clock.wire_s() - began_s < 5


@pytest.fixture
def tls_broker(tmp_path):
    certificate, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost"),
            *("-addext", "subjectAltName=IP:127.0.0.1", "-keyout", str(key), "-out", str(certificate)),
        ],
        check=True,
        capture_output=True,
    )
    folder = tmp_path / "tls"
    folder.mkdir()
    with Broker(folder, password="secret", tls=(certificate, key)) as broker:
        yield broker, certificate


def test_over_tls_with_a_password_and_a_certificate_of_our_own(state, clock, during, tls_broker):
    broker, certificate = tls_broker
    spec = MqttSpec("127.0.0.1", broker.port, True, "car", "secret", ca_cert=str(certificate))
    during(Publisher(spec, "evcc", state, clock, lambda published: below("evcc", topics(published.state))))
    said = ["mosquitto_sub", "-p", str(broker.port), "--cafile", str(certificate), "-u", "car", "-P", "secret"]
    heard = subprocess.run(
        [*said, "-t", "evcc/loadpoints/1/mode", "-C", "1", "-W", "10"], capture_output=True, text=True, check=True
    )
    assert heard.stdout == "pv\n"


def test_a_wrong_password_is_said(state, clock, during, tls_broker, caplog):
    broker, certificate = tls_broker
    spec = MqttSpec("127.0.0.1", broker.port, True, "car", "wrong", ca_cert=str(certificate))
    during(Publisher(spec, "evcc", state, clock, lambda published: {}))
    eventually(lambda: "refuses us (Not authorized)" in caplog.text)
