"""Where the grid operator's order comes from: contacts and figures, read over a real wire, and what is unreadable."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from evcc_flask.bus.bus import Bus
from evcc_flask.clock import SystemClock
from evcc_flask.domain.issues import Misconfigured
from evcc_flask.integrations.hems import Hems, Rules, hems, unreachable
from evcc_flask.plugins.shop import Workshop

RULES = Rules(devices=2)


class Later(SystemClock):
    """House time that a test moves on."""

    def __init__(self) -> None:
        super().__init__()
        self.more_s = 0.0

    def monotonic_s(self) -> float:
        return super().monotonic_s() + self.more_s

    def wire_s(self) -> float:
        return super().wire_s() + self.more_s


class Contact:
    """A control box behind HTTP; ``words`` by path, None: it does not answer."""

    def __init__(self) -> None:
        self.words: dict[str, str | None] = {}
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                word = outer.words.get(self.path)
                self.send_response(200 if word is not None else 503)
                self.end_headers()
                self.wfile.write((word or "").encode())

            def log_message(self, *_: Any) -> None:
                """Quiet."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def plugin(self, path: str) -> dict[str, Any]:
        return {"source": "http", "uri": f"http://127.0.0.1:{self._server.server_port}/{path}", "timeout": "1s"}

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def contact() -> Iterator[Contact]:
    made = Contact()
    yield made
    made.close()


class Post:
    """The order's way into the house."""

    def __init__(self) -> None:
        self.clock = Later()
        self.bus = Bus(self.clock)
        self.workshop = Workshop(self.bus, self.clock)

    def hems(self, section: dict[str, Any], rules: Rules = RULES) -> Hems:
        return hems(section, rules, self.workshop.shop("hems"))

    def read(self, made: Hems, after_s: float = 1.0) -> Any:
        self.clock.more_s += after_s
        assert self.bus.refresh(list(made.needs())).wait(5)
        return made.reading()


@pytest.fixture
def post() -> Iterator[Post]:
    made = Post()
    yield made
    made.bus.close()


def test_a_closed_relay_limits_to_its_power_and_an_open_one_to_nothing(post, contact):
    contact.words["/limit"] = "false"
    made = post.hems({"type": "relay", "maxpower": 8400, "limit": contact.plugin("limit")})
    assert (post.read(made).limit_w, made.reading().minimum_w) == (None, 7560.0)
    contact.words["/limit"] = "true"
    reading = post.read(made)
    assert (reading.limit_w, reading.cause, reading.kind) == (8400.0, "order", "relay")


def test_without_a_power_the_legal_minimum_is_the_limit(post, contact):
    contact.words["/limit"] = "1"
    assert post.read(post.hems({"type": "relay", "limit": contact.plugin("limit")})).limit_w == 7560.0


def test_where_closed_means_free_an_open_contact_limits(post, contact):
    made = post.hems({"type": "relay", "limit": contact.plugin("limit")}, Rules(1, closed=True))
    contact.words["/limit"] = "true"
    assert post.read(made).limit_w is None
    contact.words["/limit"] = "false"
    assert post.read(made).limit_w == 4200.0


def test_an_unread_contact_limits_after_a_minute_and_is_free_once_it_is_read(post, contact):
    contact.words["/limit"] = "false"
    made = post.hems({"type": "relay", "limit": contact.plugin("limit")})
    assert post.read(made).limit_w is None
    contact.words["/limit"] = None
    assert post.read(made, after_s=50).limit_w is None
    reading = post.read(made, after_s=15)
    assert (reading.limit_w, reading.cause) == (7560.0, "unread")
    assert "503" in reading.error
    contact.words["/limit"] = "false"
    assert post.read(made, after_s=70).limit_w is None


def test_a_contact_that_was_never_read_limits_a_minute_after_the_start(post, contact):
    made = post.hems({"type": "relay", "limit": contact.plugin("limit")})
    assert post.read(made).limit_w is None
    assert post.read(made, after_s=61).limit_w == 7560.0


def test_the_contacts_of_a_control_box_limit_consumption_and_tell_the_feed_in(post, contact):
    section = {"type": "fnn", "maxdimpower": 5000, "productionnominalmax": 10_000}
    section |= {name: contact.plugin(name) for name in ("w3", "s1", "s2", "w4")}
    contact.words = {"/w3": "true", "/s1": "false", "/s2": "true", "/w4": "false"}
    reading = post.read(post.hems(section))
    assert (reading.limit_w, reading.production_percent) == (5000.0, 30.0)


def test_a_figure_of_ones_own_is_the_limit_and_zero_is_none(post, contact):
    made = post.hems({"type": "custom", "maxconsumptionpower": contact.plugin("power")})
    contact.words["/power"] = "3500"
    assert post.read(made).limit_w == 3500.0
    contact.words["/power"] = "0"
    assert post.read(made).limit_w is None
    for silence in ("nan", None):
        contact.words["/power"] = "0"
        assert post.read(made).limit_w is None
        contact.words["/power"] = silence
        assert post.read(made, after_s=61).limit_w == 7560.0, f"{silence} is no freedom"


def test_a_test_is_an_order_for_so_long(post, contact):
    contact.words["/limit"] = "false"
    made = post.hems({"type": "relay", "limit": contact.plugin("limit")})
    assert post.read(made).limit_w is None
    assert made.test(300) == 7560.0
    assert (made.reading().limit_w, made.reading().cause) == (7560.0, "test")
    made.test(0)
    assert made.reading().limit_w is None
    made.test(300)
    assert post.read(made, after_s=301).limit_w is None


def test_eebus_is_named_as_missing_loudly(post):
    with pytest.raises(Misconfigured, match="NOT obeyed"):
        post.hems({"type": "eebus"})
    with pytest.raises(Misconfigured, match="no way"):
        post.hems({"type": "sma"})
    assert unreachable("wrong").reading().limit_w == 4200.0


def test_all_mistakes_of_a_section_are_told(post):
    with pytest.raises((Misconfigured, ExceptionGroup)):
        post.hems({"type": "relay", "maxpower": "much"})
