"""Values from and to a real broker: heard as they come, told with their age, never replayed."""

import subprocess
from pathlib import Path
from typing import Any

import pytest

from evcc_flask.bus.bus import Bus
from evcc_flask.bus.mqtt import MqttLink, MqttSpec, broker_of, login_of
from evcc_flask.bus.needs import ErrorKind, ReadError
from evcc_flask.clock import SystemClock
from evcc_flask.domain.issues import Misconfigured
from evcc_flask.plugins.mqtt import house_broker
from evcc_flask.plugins.registry import build_sink, build_source
from evcc_flask.plugins.shop import Shop, Workshop
from evcc_flask.plugins.values import Kind
from tests.broker import Broker, Speaker, eventually, free_port


def topic(broker: Broker, name: str = "house/power", **more: Any) -> dict[str, Any]:
    return {"source": "mqtt", "broker": broker.address, "topic": name, **more}


def test_a_retained_value_is_there_after_the_first_fetch(read, broker: Broker, speaker: Speaker) -> None:
    speaker.says("house/power", "1234.5")
    assert read(topic(broker, scale=2)) == 2469


def test_a_new_message_is_heard_without_being_asked_for(bus: Bus, shop: Shop, broker: Broker, speaker: Speaker) -> None:
    speaker.says("house/power", "1")
    source = build_source(topic(broker), shop)
    assert bus.refresh(source.needs()).wait(10)
    speaker.says("house/power", "2", retain=False)
    assert eventually(lambda: source.value() == 2)


@pytest.mark.parametrize(
    ("payload", "more", "kind", "value"),
    [
        ('{"pv": {"w": 512}}', {"jq": ".pv.w"}, Kind.FLOAT, 512),
        ("Power: 17 W", {"regex": r"(\d+) W"}, Kind.FLOAT, 17),
        ("true", {}, Kind.BOOL, True),
        ("C", {}, Kind.TEXT, "C"),
        ("driving", {"quote": True, "jq": '. == "driving"'}, Kind.BOOL, True),
    ],
)
def test_messages_run_through_the_pipeline(read, broker, speaker, payload, more, kind, value) -> None:
    speaker.says("house/power", payload)
    assert read(topic(broker, **more), kind) == value


def test_wildcards_hear_all_that_they_stand_for(bus: Bus, shop: Shop, broker: Broker, speaker: Speaker) -> None:
    source = build_source(topic(broker, "house/+/power"), shop)
    bus.refresh(source.needs()).wait(10)
    speaker.says("house/roof/power", "5", retain=False)
    assert eventually(lambda: source.at_s() and source.value() == 5)


def test_a_topic_that_nobody_speaks_on_says_so_and_asks_for_its_address(bus, shop, broker: Broker) -> None:
    source = build_source(topic(broker, "house/misspelled"), shop)
    assert bus.refresh(source.needs()).wait(10)
    with pytest.raises(ReadError, match=r"house/misspelled: nothing was heard yet\. Is the address"):
        source.value()


class Later(SystemClock):
    """A clock that a test puts forward."""

    ahead_s = 0.0

    def monotonic_s(self) -> float:
        return super().monotonic_s() + self.ahead_s


def test_a_value_older_than_its_timeout_is_none(broker: Broker, speaker: Speaker) -> None:
    clock = Later()
    bus = Bus(clock)
    speaker.says("house/power", "9")
    source = build_source(topic(broker, timeout="30s"), Workshop(bus, clock).shop("meter grid"))
    assert bus.refresh(source.needs()).wait(10)
    assert source.value() == 9
    clock.ahead_s = 31
    with pytest.raises(ReadError, match="last heard 31 s ago, 30 s are allowed"):
        source.value()
    bus.close()


def test_a_power_without_timeout_lapses_after_a_minute_and_a_state_never(broker: Broker, speaker: Speaker) -> None:
    clock = Later()
    bus = Bus(clock)
    speaker.says("house/power", "9")
    shop = Workshop(bus, clock).shop("meter grid")
    power, state = build_source(topic(broker), shop.lapsing()), build_source(topic(broker), shop, Kind.TEXT)
    added = build_source({"source": "calc", "add": [topic(broker), topic(broker)]}, shop.lapsing())
    assert bus.refresh([*power.needs(), *state.needs()]).wait(10)
    clock.ahead_s = 61
    assert state.value() == "9"
    for lapsed in (power, added):
        with pytest.raises(ReadError, match="60 s are allowed"):
            lapsed.value()
    bus.close()


def test_a_broker_that_comes_back_is_heard_again(tmp_path: Path, bus: Bus, shop: Shop) -> None:
    with Broker(tmp_path) as broker:
        speaker = Speaker(broker)
        speaker.says("house/power", "1")
        source = build_source(topic(broker), shop)
        assert bus.refresh(source.needs()).wait(10)
        before = source.at_s()
        speaker.close()
        broker.stop()
        assert eventually(lambda: bus.counters()[0]["state"] == "lost")
        with pytest.raises(ReadError) as down:
            source.value()
        assert (down.value.kind, source.at_s()) == (ErrorKind.CONNECTION, before)
        broker.start()
        speaker = Speaker(broker)
        assert eventually(lambda: bus.counters()[0]["state"] == "up")
        speaker.says("house/power", "2")
        assert eventually(lambda: source.value() == 2)
        speaker.close()


def test_a_retained_message_that_is_known_does_not_look_new_after_a_cut_line(bus, shop, broker, speaker) -> None:
    speaker.says("house/power", "1")
    power, mark = build_source(topic(broker), shop), build_source(topic(broker, "mark"), shop)
    assert bus.refresh([*power.needs(), *mark.needs()]).wait(10)
    (need,) = power.needs()
    before, link = power.at_s(), need.link
    assert isinstance(link, MqttLink)
    link._client.socket().shutdown(2)
    assert eventually(lambda: bus.counters()[0]["state"] == "lost")
    assert eventually(lambda: bus.counters()[0]["state"] == "up")
    speaker.says("mark", "7")
    assert eventually(lambda: mark.at_s() and mark.value() == 7), "all that was retained came before"
    assert (power.value(), power.at_s()) == (1, before)


def test_one_connection_serves_all_devices_of_a_broker(bus: Bus, workshop: Workshop, broker, speaker) -> None:
    speaker.says("a", "1")
    speaker.says("b", "2")
    first = build_source(topic(broker, "a"), workshop.shop("meter a"))
    second = build_source(topic(broker, "b"), workshop.shop("meter b"))
    assert bus.refresh([*first.needs(), *second.needs()]).wait(10)
    assert (first.value(), second.value()) == (1, 2)
    assert [link["name"] for link in bus.counters()] == [f"mqtt {broker.address}"]


def test_a_setter_writes_its_value_or_its_payload(shop: Shop, broker: Broker, speaker: Speaker) -> None:
    speaker.listens("box/#")
    build_sink(topic(broker, "box/enable"), "enable", shop).write(True)
    speaker.hears("box/enable", "true")
    build_sink(topic(broker, "box/amps", payload="I=${maxcurrent:%d}"), "maxcurrent", shop).write(16)
    speaker.hears("box/amps", "I=16")
    build_sink(topic(broker, "box/relay", payload="{{if .enable}}ON{{else}}OFF{{end}}"), "enable", shop).write(False)
    speaker.hears("box/relay", "OFF")


def test_a_retained_write_stays_with_the_broker(shop: Shop, broker: Broker, speaker: Speaker) -> None:
    build_sink(topic(broker, "box/amps", retained=True), "maxcurrent", shop).write(6)
    speaker.listens("box/amps")
    assert speaker.hears("box/amps", "6")


def test_a_write_to_a_broker_that_is_gone_fails_and_is_not_sent_when_it_comes_back(
    tmp_path: Path, bus: Bus, shop: Shop
) -> None:
    with Broker(tmp_path) as broker:
        sink = build_sink(topic(broker, "box/amps"), "maxcurrent", shop)
        sink.write(6)
        broker.stop()
        assert eventually(lambda: bus.counters()[0]["state"] == "lost")
        with pytest.raises(ReadError):
            sink.write(16)
        broker.start()
        speaker = Speaker(broker)
        speaker.listens("box/#")
        assert eventually(lambda: bus.counters()[0]["state"] == "up")
        sink.write(7)
        speaker.hears("box/amps", "7")
        assert not [each for each in speaker.heard if each[1] == "16"]
        speaker.close()


def test_a_broker_that_is_not_there_delays_no_fetch(bus: Bus, shop: Shop) -> None:
    source = build_source({"source": "mqtt", "broker": f"127.0.0.1:{free_port()}", "topic": "x"}, shop)
    assert bus.refresh(source.needs()).wait(5)
    assert eventually(lambda: bus.counters()[0]["error"])
    with pytest.raises(ReadError, match="connection refused"):
        source.value()
    assert bus.refresh(source.needs()).wait(0.5), "only the first fetch may wait"


def test_a_wrong_password_is_said(tmp_path: Path, bus: Bus, shop: Shop) -> None:
    with Broker(tmp_path, password="right") as broker:
        source = build_source(topic(broker, user="car", password="wrong"), shop)
        bus.refresh(source.needs()).wait(10)
        eventually(lambda: bus.counters()[0]["error"])
        with pytest.raises(ReadError, match=r"refuses us .* Are user and password right"):
            source.value()


def test_the_right_password_opens(tmp_path: Path, read) -> None:
    with Broker(tmp_path, password="right") as broker:
        spec = topic(broker, "x", user="car", password="right")
        assert "right" not in repr(MqttSpec("h", 1, user="car", password="right"))
        bus = Bus(SystemClock())
        sink = build_sink({**spec, "retained": True}, "power", Workshop(bus, SystemClock()).shop("meter m"))
        sink.write(5)
        bus.close()
        assert read(spec) == 5


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("tls")
    pem, key = folder / "cert.pem", folder / "key.pem"
    command = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=127.0.0.1"
    names = ["-addext", "subjectAltName=IP:127.0.0.1"]
    files = ["-out", str(pem), "-keyout", str(key)]
    subprocess.run(["openssl", *command.split(), *names, *files], check=True, capture_output=True)
    return pem, key


def test_an_encrypted_broker_is_trusted_by_its_certificate_and_by_nothing_else(
    tmp_path: Path, read, bus: Bus, shop: Shop, certificate: tuple[Path, Path]
) -> None:
    with Broker(tmp_path, tls=certificate) as broker:
        spec = {"source": "mqtt", "broker": f"tls://{broker.address}", "topic": "x", "retained": True}
        trusting = {**spec, "cacert": certificate[0].read_text()}
        build_sink(trusting, "power", shop).write(3)
        assert read(trusting) == 3
        assert read({**spec, "insecure": True}) == 3
        stranger = build_source(spec, shop)
        bus.refresh(stranger.needs()).wait(10)
        eventually(lambda: bus.counters()[-1]["error"])
        with pytest.raises(ReadError, match="its certificate is not trusted"):
            stranger.value()


def test_a_topic_without_a_broker_takes_that_of_the_house(read, broker: Broker, speaker: Speaker) -> None:
    speaker.says("house/power", "4")
    bus = Bus(SystemClock())
    spec = house_broker({"broker": broker.address, "topic": "evcc"})
    source = build_source({"source": "mqtt", "topic": "house/power"}, Workshop(bus, SystemClock(), (), spec).shop("m"))
    assert bus.refresh(source.needs()).wait(10)
    assert source.value() == 4
    bus.close()


def test_without_any_broker_it_says_where_to_name_one(refused) -> None:
    assert refused({"source": "mqtt", "topic": "x"}) == [
        (("broker",), "is missing Name it here, or for all under mqtt: at the top.")
    ]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("mosquitto", ("mosquitto", 1883, False)),
        ("mosquitto.local:1884", ("mosquitto.local", 1884, False)),
        ("tcp://10.0.0.1:1883", ("10.0.0.1", 1883, False)),
        ("tls://broker", ("broker", 8883, True)),
        ("broker:8883", ("broker", 8883, True)),
        ("[::1]:1883", ("::1", 1883, False)),
    ],
)
def test_a_broker_is_named_as_evcc_names_it(text: str, found: tuple[str, int, bool]) -> None:
    assert broker_of(text) == found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("mqtt://joe:sun%20shine@broker:1884", ("mqtt://broker:1884", "joe", "sun shine")),
        ("joe:p@ss@broker", ("broker", "joe", "p@ss")),
        ("joe@broker", ("broker", "joe", "")),
        ("tls://broker", ("tls://broker", "", "")),
    ],
)
def test_a_broker_may_be_named_with_a_login(text: str, found: tuple[str, str, str]) -> None:
    assert login_of(text) == found


def test_the_login_of_an_address_is_used_unless_another_is_given() -> None:
    spec = house_broker({"broker": "mqtt://joe:sunshine@broker:1884"})
    assert spec is not None
    assert (spec.place, spec.user, spec.password) == ("broker:1884", "joe", "sunshine")
    spec = house_broker({"broker": "mqtt://joe:sunshine@broker", "user": "ann", "password": "rain"})
    assert spec is not None
    assert (spec.host, spec.user, spec.password) == ("broker", "ann", "rain")


@pytest.mark.parametrize("text", ["http://x", "host:port", "host:0", ":1883"])
def test_what_is_no_broker_is_refused(text: str) -> None:
    with pytest.raises(Misconfigured):
        broker_of(text)
