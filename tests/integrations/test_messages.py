"""Messages: which, when, in which words, and over a real wire to a server of ours."""

import json
import socketserver
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, time
from email import message_from_bytes
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from evcc_flask.bus.bus import Bus
from evcc_flask.clock import SystemClock
from evcc_flask.config.model import OwnMessages
from evcc_flask.domain.decision import CircuitDecision, Decision, Event, LoadpointDecision, SiteDecision
from evcc_flask.domain.memory import Memory
from evcc_flask.domain.reasons import Code, because
from evcc_flask.domain.settings import Plan
from evcc_flask.integrations.messaging import messaging
from evcc_flask.integrations.messenger import Messenger, Quiet
from evcc_flask.integrations.notices import TEXTS, Watch
from evcc_flask.integrations.services import Undelivered, service
from evcc_flask.plugins.shop import Workshop
from tests.broker import eventually

from .conftest import seen


class Phone(ThreadingHTTPServer):
    """Takes messages as a service in the web does. ``refusals``: so many it refuses at first."""

    daemon_threads = True

    def __init__(self) -> None:
        self.taken: list[tuple[str, dict[str, str], str]] = []
        self.refusals = 0
        super().__init__(("127.0.0.1", 0), Taking)
        threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True).start()

    def said(self) -> list[tuple[str, str]]:
        return [(json.loads(body)["title"], json.loads(body)["message"]) for _, _, body in self.taken]


class Taking(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        phone, status = self.server, 200
        if phone.refusals:
            phone.refusals, status = phone.refusals - 1, 500
        else:
            phone.taken.append((self.path, dict(self.headers), body))
        answer = b"{}"
        self.send_response(status)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *args: object) -> None:
        """Quiet."""


@pytest.fixture
def phone() -> Iterator[Phone]:
    phone = Phone()
    yield phone
    phone.shutdown()
    phone.server_close()


@pytest.fixture
def workshop(clock: SystemClock) -> Iterator[Workshop]:
    bus = Bus(clock)
    yield Workshop(bus, clock)
    bus.close()


def decided(*loadpoints: LoadpointDecision, at_s: float = 100.0, site: SiteDecision | None = None) -> Decision:
    return Decision((), replace(Memory(at_s), decided_s=at_s), site or SiteDecision(), loadpoints)


def cycle(number: int, *loadpoints: LoadpointDecision, **more):
    at = datetime(2026, 5, 4, 12, tzinfo=UTC)
    return seen(decision=decided(*loadpoints, **more), cycle=number, decided_at=at)


EVENTS = {
    "start": {"title": "Start", "msg": "${title} in ${mode}"},
    "stop": {"title": "Stop", "msg": "${chargedEnergy:%.1fk} kWh"},
    "connect": {"title": "Connected", "msg": "x", "disabled": True},
}


@pytest.fixture
def sends(state, clock, during, phone, workshop):
    def sends(events=EVENTS, quiet=Quiet(), **own) -> Messenger:  # noqa: B008 - immutable
        url = f"json://127.0.0.1:{phone.server_port}/"
        spec = messaging({"events": events}, OwnMessages(urls=(url,), **own), workshop)
        return during(Messenger(replace(spec, quiet=quiet), state, clock))

    return sends


def test_an_event_is_told_once_in_the_words_of_the_file(sends, state, phone):
    sends()
    starts = LoadpointDecision(events=(Event.CONNECT, Event.START))
    state.show(cycle(1, starts, LoadpointDecision()))
    state.change_loadpoint(0, min_current_a=7.0)  # the same cycle is published once more
    stops = LoadpointDecision(events=(Event.STOP,), session_energy_wh=5400.0)
    state.show(cycle(2, LoadpointDecision(), stops))
    eventually(lambda: len(phone.taken) == 2)
    assert phone.said() == [("Start", "Carport in pv"), ("Stop", "5.4 kWh")]


def test_a_message_that_is_not_taken_is_sent_again(sends, state, phone, monkeypatch):
    monkeypatch.setattr("evcc_flask.integrations.messenger.PAUSE_S", 0.05)
    phone.refusals = 2
    sends()
    state.show(cycle(1, LoadpointDecision(events=(Event.START,))))
    eventually(lambda: phone.said() == [("Start", "Carport in pv")])


def test_after_a_few_times_it_is_given_up_and_others_follow(sends, state, phone, monkeypatch, caplog):
    monkeypatch.setattr("evcc_flask.integrations.messenger.PAUSE_S", 0.01)
    phone.refusals = 4
    sends()
    state.show(cycle(1, LoadpointDecision(events=(Event.START,))))
    eventually(lambda: "is given up" in caplog.text)
    state.show(cycle(2, LoadpointDecision(events=(Event.STOP,))))
    eventually(lambda: [title for title, _ in phone.said()] == ["Stop"])


class Night(SystemClock):
    hour = 23

    def now(self) -> datetime:
        return datetime(2026, 5, 4, self.hour, tzinfo=UTC)


def test_in_quiet_hours_messages_wait_for_the_morning(state, during, phone, workshop):
    clock = Night()
    url = f"json://127.0.0.1:{phone.server_port}/"
    own = OwnMessages(urls=(url,), quiet=(time(22), time(6)))
    during(Messenger(messaging({"events": EVENTS}, own, workshop), state, clock))
    state.show(cycle(1, LoadpointDecision(events=(Event.START,))))
    state.show(cycle(2, LoadpointDecision(events=(Event.STOP,))))
    assert not threading.Event().wait(1.5)
    assert phone.taken == []
    clock.hour = 7
    eventually(lambda: [title for title, _ in phone.said()] == ["Start", "Stop"])


@pytest.mark.parametrize(("at", "quiet"), [(23, True), (5, True), (6, False), (12, False)])
def test_quiet_hours_go_over_midnight(at, quiet):
    assert Quiet(time(22), time(6)).at(time(at)) is quiet
    assert not Quiet().at(time(at))


def lost(at_s: float, error: str = "no answer"):
    view = cycle(1, LoadpointDecision(), at_s=at_s)
    box = replace(view.snapshot.loadpoints[0].charger, at_s=100.0, error=error)
    return replace(
        view, snapshot=replace(view.snapshot, loadpoints=(replace(view.snapshot.loadpoints[0], charger=box),))
    )


def test_a_lost_device_is_told_after_ten_minutes_once_and_when_it_is_back():
    watch, told = Watch(), []
    for at_s in range(110, 2000, 10):
        told += [(at_s, message) for message in watch.messages(lost(at_s))]
    ((at_s, message),) = told
    assert 700 <= at_s <= 720
    assert message.title == "box does not answer"
    assert "Silent for 10 min: no answer. Is it on" in message.text
    (back,) = watch.messages(cycle(2, LoadpointDecision(), at_s=2000.0))
    assert (back.title, back.text) == ("box answers again", "It was silent for 32 min.")
    assert watch.messages(cycle(3, LoadpointDecision(), at_s=2010.0)) == []


def test_a_device_that_stumbles_is_not_told():
    watch = Watch()
    assert [watch.messages(lost(at_s)) for at_s in range(110, 690, 10)] == [[]] * 58
    assert watch.messages(cycle(2, LoadpointDecision(), at_s=690.0)) == []


def test_what_is_wrong_is_told_once_until_it_was_away_for_ten_minutes():
    stubborn = LoadpointDecision(reasons=(because(Code.DOES_NOT_OBEY, told_a=6, reported_a=16),))
    watch = Watch()
    told = [message for at in range(0, 600, 10) for message in watch.messages(cycle(1, stubborn, at_s=float(at)))]
    assert [message.title for message in told] == ["lp-1 does not do what it is told"]
    assert "the wallbox does not do what it is told: told 6 A, it says 16 A." in told[0].text
    assert watch.messages(cycle(2, LoadpointDecision(), at_s=700.0)) == []
    assert watch.messages(cycle(3, stubborn, at_s=710.0)) == [], "it is the same thing still"
    assert watch.messages(cycle(2, LoadpointDecision(), at_s=1400.0)) == []
    assert len(watch.messages(cycle(3, stubborn, at_s=1410.0))) == 1


def test_overload_implausible_values_and_a_clock_that_is_wrong_are_told():
    site = SiteDecision(circuits={"main": CircuitDecision(9000.0, None, True)}, reasons=(because(Code.GRID_REVERSED),))
    watch = Watch("de")
    first = [message.title for message in watch.messages(cycle(1, site=site))]
    assert first == ["grid meldet Unmögliches", "main: Überlast abgefangen"]
    blind = [replace(cycle(1, at_s=float(at)), decided_at=None) for at in range(1000, 1700, 10)]
    assert [message.title for view in blind for message in watch.messages(view)] == ["Der Uhr ist nicht zu trauen"]


def test_an_order_of_the_grid_operator_is_told_and_its_end():
    order = SiteDecision(reasons=(because(Code.DIMMED, limit_w=4200, minimum_w=4200, cause="relay"),))
    watch = Watch()
    told = [watch.messages(cycle(1, at_s=at_s, site=order)) for at_s in (100.0, 110.0, 700.0)]
    assert [len(each) for each in told] == [1, 0, 0]
    assert told[0][0].text.startswith("Cars and the home battery take no more than 4200 W from the grid. It ends")
    (released,) = watch.messages(cycle(2, at_s=1300.0))
    assert (released.title, released.text[:20]) == ("The grid operator's limit has ended", "It lasted 20 min. Ch")
    assert len(watch.messages(cycle(3, at_s=1310.0, site=order))) == 1, "each order is one of its own"


def test_an_order_says_in_words_of_the_house_what_is_left_for_each_loadpoint():
    order = SiteDecision(
        reasons=(because(Code.DIMMED, limit_w=7200, minimum_w=4200, cause="relay"),),
        battery_reasons=(because(Code.DIMMED),),
    )
    box = LoadpointDecision(reasons=(because(Code.DIMMED, circuit="§14a", allowed_a=0.4, limit_w=7200.0),))
    (message,) = Watch().messages(cycle(1, box, site=order), ["Carport"])
    assert message.text == (
        "Cars and the home battery take no more than 7200 W from the grid; Carport may take 0.4 A. "
        "It ends when the order ends."
    )
    (german,) = Watch("de").messages(cycle(1, box, site=order), ["Carport"])
    assert german.text == (
        "Autos und Heimspeicher ziehen nicht mehr als 7200 W aus dem Netz; Carport darf 0,4 A nehmen. "
        "Es endet mit dem Befehl."
    )
    (unread,) = Watch().messages(cycle(1, site=SiteDecision(battery_reasons=(because(Code.DIMMED),))))
    assert "no more than allowed from the grid. It ends" in unread.text


def test_a_loadpoint_is_called_by_its_title():
    stubborn = LoadpointDecision(reasons=(because(Code.DOES_NOT_OBEY, told_a=6, reported_a=16),))
    (message,) = Watch().messages(cycle(1, stubborn), ["Carport"])
    assert message.title == "Carport does not do what it is told"


def test_a_plan_that_will_be_missed_is_told_by_us_or_by_evccs_event():
    late = LoadpointDecision(events=(Event.PLAN_OVERRUN,), plan=Plan(overrun_s=1800.0))
    (message,) = Watch().messages(cycle(1, late))
    assert message.title == "lp-1: the plan will be missed"
    assert "30m0s late" in message.text
    assert Watch(plans=False).messages(cycle(1, late)) == []


def test_both_languages_say_the_same_things():
    assert TEXTS["en"].keys() == TEXTS["de"].keys()


def test_ntfy_is_spoken_on_the_wire(phone, workshop):
    uri = f"http://127.0.0.1:{phone.server_port}/garage"
    made = service(
        {"type": "ntfy", "uri": uri, "priority": "high", "tags": "car", "authtoken": "tk_1"}, workshop.shop("x")
    )
    made.send("Title", "Text")
    ((_, headers, body),) = phone.taken
    said = json.loads(body)
    assert (said["topic"], said["title"], said["message"]) == ("garage", "Title", "Text")
    assert (headers["X-Priority"], headers["X-Tags"], headers["Authorization"]) == ("high", "car", "Bearer tk_1")


def test_what_a_service_says_against_it_is_told_without_its_secrets(phone, workshop, caplog):
    phone.refusals = 1
    uri = f"http://127.0.0.1:{phone.server_port}/very-secret-topic"
    made = service({"type": "ntfy", "uri": uri, "authtoken": "tk_very_secret"}, workshop.shop("x"))
    with pytest.raises(Undelivered, match="500") as refused:
        made.send("Title", "Text")
    with pytest.raises(ExceptionGroup):
        messaging({}, OwnMessages(urls=("nowhere://very-secret",)), workshop)
    assert "secret" not in f"{refused.value} {caplog.text}"


class PostOffice(socketserver.StreamRequestHandler):
    """As much of SMTP as it takes to accept a letter."""

    def handle(self) -> None:
        self.say("220 here")
        for line in self.rfile:
            word = line.decode().strip()
            if word.upper() == "DATA":
                self.say("354 go on")
                letter = b"".join(iter(self.rfile.readline, b".\r\n"))
                self.server.letters.append(message_from_bytes(letter))
            elif word.upper().startswith(("MAIL", "RCPT")):
                self.server.addresses.append(word.partition(":")[2].split()[0])
            self.say("221 bye" if word.upper() == "QUIT" else "250 fine")

    def say(self, text: str) -> None:
        self.wfile.write(f"{text}\r\n".encode())


def test_mail_is_delivered_by_smtp(workshop):
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), PostOffice) as office:
        office.daemon_threads, office.letters, office.addresses = True, [], []
        threading.Thread(target=office.serve_forever, args=(0.02,), daemon=True).start()
        address = f"127.0.0.1:{office.server_address[1]}/?fromAddress=me@home.lan&toAddresses=you@home.lan,her@home.lan"
        made = service({"type": "email", "uri": f"smtp://{address}&encryption=None"}, workshop.shop("x"))
        made.send("Charged", "12 kWh")
        office.shutdown()
    assert office.letters[0]["Subject"] == "Charged"
    assert "12 kWh" in office.letters[0].as_string()
    assert {"<you@home.lan>", "<her@home.lan>"} <= {each.strip() for each in office.addresses}
    assert "<me@home.lan>" in office.addresses


def test_a_plugin_of_ones_own_is_given_each_message(phone, workshop):
    send = {"source": "http", "uri": f"http://127.0.0.1:{phone.server_port}/say", "method": "POST", "body": "${send}"}
    made = service({"type": "custom", "encoding": "json", "send": send}, workshop.shop("message 1"))
    made.send("A", "B")
    ((path, _, body),) = phone.taken
    assert (path, json.loads(body)) == ("/say", {"title": "A", "msg": "B"})


@pytest.mark.parametrize(
    "node",
    [
        {"type": "pushover", "app": "a" * 30, "recipients": "u" * 30, "devices": ["phone"]},
        {"type": "telegram", "token": "123456789:abcdefghijklmnopqrstuvwxyz_12345678", "chats": [-1234567, 7654321]},
        {"type": "email", "uri": "smtp://me:p%40ss@mail.lan:587/?fromAddress=a@b.de&toAddresses=c@d.de,e@f.de"},
        {"type": "shout", "uri": "gotify://gotify.lan/AbCdEfGhIjKlMnO"},
        {"type": "shout", "uri": "discord://token@1234567890"},
        {"type": "shout", "uri": "telegram://123456789:abcdefghijklmnop@telegram?chats=12345"},
        {"type": "shout", "uri": "pushover://shoutrrr:aaaaaaaaaa@uuuuuuuuuu/?devices=phone"},
        {"type": "ntfy", "uri": "ntfy.sh/topic1,topic2"},
        {"type": "homeassistant", "uri": "http://ha.lan:8123", "token": "abcdefgh"},
    ],
)
def test_evccs_forms_of_services_are_understood(node, workshop):
    made = service(node, workshop.shop("message"))
    assert made.name == node["type"]


def test_every_problem_of_the_section_is_said_at_once(workshop):
    section = {
        "events": {"strat": {"msg": "x"}, "stop": {"msg": "${mode:nonsense}", "titel": "x"}},
        "services": [{"type": "pigeon"}, {"type": "shout", "uri": "nowhere"}, {"type": "telegram", "token": "x"}],
    }
    with pytest.raises(ExceptionGroup) as found:
        messaging(section, OwnMessages(), workshop)
    assert [problem.path for problem in found.value.exceptions] == [
        ("events", "strat"),
        ("events", "stop", "titel"),
        ("events", "stop", "msg"),
        ("services", 0, "type"),
        ("services", 1, "uri"),
        ("services", 2, "chats"),
    ]
