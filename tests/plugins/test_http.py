"""HTTP getters and setters against real servers, on good days and bad ones."""

import shutil
import socket
import ssl
import subprocess
import threading
from collections.abc import Iterator
from contextlib import closing, suppress

import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from evcc_flask.bus.counters import Counters
from evcc_flask.bus.needs import ErrorKind, ReadError
from evcc_flask.clock import SystemClock
from evcc_flask.plugins.answers import Answers
from evcc_flask.plugins.registry import build_sink, build_source
from evcc_flask.plugins.values import Kind
from evcc_flask.plugins.web import LARGEST, Call, Caller, shown_uri


@pytest.fixture(scope="module")
def one_server() -> Iterator[HTTPServer]:
    with HTTPServer(host="127.0.0.1", port=0) as server:
        yield server


@pytest.fixture
def server(one_server: HTTPServer) -> HTTPServer:
    """The same for all tests, since its end takes half a second; it forgets between them."""
    one_server.clear()
    return one_server


@pytest.fixture
def raw() -> Iterator:
    """A peer that says given bytes after the first request's head, and then waits."""
    with closing(socket.create_server(("127.0.0.1", 0))) as listener:

        def start(*chunks: bytes, pause_s: float = 0.0) -> str:
            def talk() -> None:
                peer, _ = listener.accept()
                peer.recv(4096)
                with suppress(OSError):
                    for chunk in chunks:
                        peer.sendall(chunk)
                        threading.Event().wait(pause_s)
                    peer.recv(1)

            threading.Thread(target=talk, daemon=True).start()
            return f"http://127.0.0.1:{listener.getsockname()[1]}/raw"

        yield start


def test_a_value_is_cut_out_of_json(read, server):
    server.expect_request("/status").respond_with_json({"power": [{"w": 1234.5}]})
    assert read({"source": "http", "uri": server.url_for("/status"), "jq": ".power[0].w", "scale": 2}) == 2469


def test_http_is_the_scheme_where_none_is_written(read, server):
    server.expect_request("/p").respond_with_data("5")
    assert read({"source": "http", "uri": f"127.0.0.1:{server.port}/p"}) == 5


def test_five_values_of_one_page_cost_one_request(bus, shop, server):
    server.expect_request("/all").respond_with_json({"a": 1, "b": 2, "c": 3})
    node = {"source": "http", "uri": server.url_for("/all")}
    sources = [build_source({**node, "jq": f".{key}"}, shop) for key in "abc"]
    bus.refresh(need for source in sources for need in source.needs()).wait(5)
    assert [source.value() for source in sources] == [1, 2, 3]
    assert len(server.log) == 1


def test_two_devices_share_the_answer_to_equal_gets(bus, workshop, server):
    server.expect_request("/all").respond_with_data("1")
    node = {"source": "http", "uri": server.url_for("/all")}
    sources = [build_source(node, workshop.shop(name)) for name in ("meter a", "meter b")]
    bus.refresh(need for source in sources for need in source.needs()).wait(5)
    assert [source.value() for source in sources] == [1, 1]
    assert len(server.log) == 1


def test_a_cached_answer_is_not_asked_for_again_until_it_is_old(hand_clock):
    asked = []
    answers = Answers(hand_clock)
    for seconds in (0, 0.3, 20, 9, 2):
        hand_clock.s += seconds
        answers.get("key", "host", 30, lambda: asked.append(hand_clock.s) or b"")
    assert len(asked) == 2


def test_an_error_is_shared_within_a_cycle_and_asked_again_in_the_next(hand_clock):
    answers, asked = Answers(hand_clock), []

    def fail() -> bytes:
        asked.append(1)
        raise ReadError(ErrorKind.REFUSED, "no")

    for seconds in (0, 0.3, 0.2):
        hand_clock.s += seconds
        with pytest.raises(ReadError, match="no"):
            answers.get("key", "host", 900, fail)
    assert len(asked) == 2


def test_after_a_write_the_host_is_asked_again(bus, shop, server, put):
    server.expect_request("/get").respond_with_data("1")
    server.expect_request("/set", query_string="amp=16").respond_with_data("ok")
    source = build_source({"source": "http", "uri": server.url_for("/get"), "cache": "1h"}, shop)
    bus.refresh(source.needs()).wait(5)
    put({"source": "http", "uri": server.url_for("/set?amp=${maxcurrent}")}, 16)
    shop.calls().forget()
    bus.refresh(source.needs()).wait(5)
    assert [request.path for request, _ in server.log] == ["/get", "/set", "/get"]


def test_its_requests_and_bytes_are_counted_and_so_are_those_of_a_write(bus, read, put, raw, server):
    answer = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n1234"
    assert read({"source": "http", "uri": raw(answer)}) == 1234
    (link,) = bus.counters()
    assert (link["transactions"], link["bytesReceived"]) == (1, len(answer))
    asked = link["bytesSent"]
    assert 50 < asked < 300
    server.expect_request("/current", method="POST").respond_with_data("ok")
    put({"source": "http", "uri": server.url_for("/current"), "body": "current=${maxcurrent}"}, 7)
    (link,) = bus.counters()
    assert link["transactions"] == 2
    assert asked + 50 < link["bytesSent"] < asked + 400


def test_a_body_makes_a_post_of_a_get_and_holds_the_parameter(put, server):
    server.expect_request("/set", method="POST", json={"amp": 6.5}, headers={"X-Amp": "6"}).respond_with_data("")
    put(
        {
            "source": "http",
            "uri": server.url_for("/set"),
            "headers": [{"content-type": "application/json"}, {"x-amp": "${maxcurrent:%d}"}],
            "body": '{"amp": ${maxcurrent:%.1f}}',
        },
        6.5,
    )
    server.check_assertions()


def test_a_refusal_with_status_200_is_a_refusal(put, server):
    server.expect_request("/set").respond_with_json({"amp": "not allowed"})
    node = {"source": "http", "uri": server.url_for("/set"), "accepted": "all(.[]; . == true)"}
    with pytest.raises(ReadError, match=r"refused: .*not allowed") as refused:
        put(node, 16)
    assert refused.value.kind is ErrorKind.REFUSED


def test_another_method_is_used_where_it_is_named(put, server):
    server.expect_request("/set", method="PUT", data="1").respond_with_data("")
    put({"source": "http", "uri": server.url_for("/set"), "method": "put", "body": "${enable:%d}"}, True, "enable")
    server.check_assertions()


@pytest.mark.parametrize(
    ("auth", "header"),
    [
        ({"type": "basic", "user": "me", "password": "ä"}, "Basic bWU6w6Q="),
        ({"type": "bearer", "token": "abc"}, "Bearer abc"),
    ],
)
def test_the_device_is_told_who_asks(read, server, auth, header):
    server.expect_request("/p", headers={"Authorization": header}).respond_with_data("1")
    assert read({"source": "http", "uri": server.url_for("/p"), "auth": auth}) == 1


def test_digest_answers_the_challenge(read, server):
    def answer(request: Request) -> Response:
        if "response=" in request.headers.get("Authorization", ""):
            return Response("3")
        return Response(status=401, headers={"WWW-Authenticate": 'Digest realm="r", nonce="n", qop="auth"'})

    server.expect_request("/p").respond_with_handler(answer)
    auth = {"type": "digest", "user": "me", "password": "secret"}
    assert read({"source": "http", "uri": server.url_for("/p"), "auth": auth}) == 3


def test_a_redirect_is_followed(read, server):
    server.expect_request("/a").respond_with_data("", status=302, headers={"Location": "/b"})
    server.expect_request("/b").respond_with_data("9")
    assert read({"source": "http", "uri": server.url_for("/a")}) == 9


def test_of_where_a_redirect_leads_only_the_host_is_told(read, server):
    server.expect_request("/a").respond_with_data("", status=302, headers={"Location": "/b/s3cret-path?token=secret"})
    with pytest.raises(ReadError, match=rf"/a, sent on to 127\.0\.0\.1:{server.port}, answered 500") as caught:
        read({"source": "http", "uri": server.url_for("/a").replace("localhost", "127.0.0.1")})
    assert "secret" not in str(caught.value)
    assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (500, "answered 500"),
        (304, "answered 304"),
        (404, "Is the path right"),
        (401, "Are user and password right"),
    ],
)
def test_a_bad_status_is_an_error_with_a_hint(read, server, status, words):
    server.expect_request("/p").respond_with_data("7", status=status)
    with pytest.raises(ReadError, match=words) as caught:
        read({"source": "http", "uri": server.url_for("/p?token=secret")})
    assert caught.value.kind is ErrorKind.REFUSED
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    ("told", "after_s"),
    [("90", 90.0), ("Thu, 01 Jan 1970 00:00:00 GMT", 0.0), ("soon", None), ("-5", None), ("", None)],
)
def test_who_wants_fewer_calls_says_when_it_may_be_asked_again(read, server, told, after_s):
    server.expect_request("/p").respond_with_data("", status=429, headers={"Retry-After": told})
    with pytest.raises(ReadError, match="fewer calls") as caught:
        read({"source": "http", "uri": server.url_for("/p")})
    assert caught.value.kind is ErrorKind.LIMITED
    assert caught.value.after_s == after_s


def test_a_web_page_where_json_was_wanted_is_named(read, server):
    server.expect_request("/p").respond_with_data("<!doctype html><html>login</html>")
    with pytest.raises(ReadError, match="a web page"):
        read({"source": "http", "uri": server.url_for("/p"), "jq": ".a"})


def test_an_endless_answer_is_cut_off(read, server):
    server.expect_request("/p").respond_with_data(b"0" * (LARGEST + 2))
    with pytest.raises(ReadError, match="1 MiB"):
        read({"source": "http", "uri": server.url_for("/p")})


def test_a_closed_port_says_connection_refused(read):
    with closing(socket.create_server(("127.0.0.1", 0))) as free:
        port = free.getsockname()[1]
    with pytest.raises(ReadError, match="refused") as caught:
        read({"source": "http", "uri": f"127.0.0.1:{port}"})
    assert caught.value.kind is ErrorKind.CONNECTION


def test_silence_is_a_time_out(read, raw):
    with pytest.raises(ReadError, match=r"did not answer within 0\.2 s") as caught:
        read({"source": "http", "uri": raw(), "timeout": "200ms"})
    assert caught.value.kind is ErrorKind.TIMEOUT


def test_an_answer_that_dribbles_ends_at_its_time_out(read, raw):
    began_s = SystemClock().wire_s()
    uri = raw(b"HTTP/1.1 200 OK\r\nContent-Length: 90\r\n\r\n", *[b"1"] * 60, pause_s=0.05)
    with pytest.raises(ReadError) as caught:
        read({"source": "http", "uri": uri, "timeout": "300ms"})
    assert caught.value.kind is ErrorKind.TIMEOUT
    assert SystemClock().wire_s() - began_s < 2


def test_a_connection_that_ends_early_is_an_error(read, raw):
    with pytest.raises(ReadError):
        read({"source": "http", "uri": raw(b"nonsense\r\n\r\n"), "timeout": "500ms"})


@pytest.mark.skipif(shutil.which("openssl") is None, reason="needs openssl to make a certificate")
def test_an_untrusted_certificate_is_taken_only_when_insecure(read, tmp_path):
    made = "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=box -keyout key.pem -out cert.pem"
    subprocess.run(made.split(), cwd=tmp_path, check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "cert.pem", tmp_path / "key.pem")
    with HTTPServer(host="127.0.0.1", port=0, ssl_context=context) as server:
        server.expect_request("/p").respond_with_data("4")
        with pytest.raises(ReadError, match="insecure: true"):
            read({"source": "http", "uri": server.url_for("/p")})
        assert read({"source": "http", "uri": server.url_for("/p"), "insecure": True}) == 4
        with pytest.raises(ReadError, match=r"not trusted\.$"):
            Caller(SystemClock()).body(Call("GET", server.url_for("/p"), insecure=None), Counters(0.0))


@pytest.mark.skipif(shutil.which("openssl") is None, reason="needs openssl to make a certificate")
@pytest.mark.parametrize("name", ["REQUESTS_CA_BUNDLE", "SSL_CERT_FILE"])
def test_an_authority_of_the_house_is_believed(read, tmp_path, monkeypatch, name):
    made = "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=box -addext subjectAltName=DNS:localhost"
    made += " -keyout key.pem -out cert.pem"
    subprocess.run(made.split(), cwd=tmp_path, check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "cert.pem", tmp_path / "key.pem")
    monkeypatch.delenv("REQUESTS_CA_BUNDLE", raising=False)
    monkeypatch.setenv(name, str(tmp_path / "cert.pem"))
    with HTTPServer(host="localhost", port=0, ssl_context=context) as server:
        server.expect_request("/p").respond_with_data("4")
        assert read({"source": "http", "uri": server.url_for("/p")}) == 4


@pytest.mark.parametrize(
    ("keys", "path"),
    [
        ({"uri": "ftp://x/"}, ("uri",)),
        ({"uri": "http:///x"}, ("uri",)),
        ({}, ("uri",)),
        ({"uri": "x/${power}"}, ("uri",)),
        ({"uri": "x", "timeout": 10}, ("timeout",)),
        ({"uri": "x", "headers": {"a": "${b}"}}, ("headers", "a")),
        ({"uri": "x", "headers": {"a": [1]}}, ("headers", "a")),
        ({"uri": "x", "auth": {"type": "magic"}}, ("auth", "type")),
        ({"uri": "x", "auth": {"type": "bearer"}}, ("auth", "token")),
        ({"uri": "x", "auth": {"source": "tesla"}}, ("auth", "source")),
        ({"uri": "x", "auth": {"usr": "tesla"}}, ("auth", "usr")),
    ],
)
def test_a_wrong_setting_is_told_with_its_path(refused, keys, path):
    assert [where for where, _ in refused({"source": "http", **keys})] == [path]


def test_an_unknown_parameter_of_a_setter_is_told_with_its_right_name(refused):
    ((path, text),) = refused({"source": "http", "uri": "x/${current}"}, build_sink)
    assert path == ("uri",)
    assert "maxcurrent" in text


def test_messages_show_no_password():
    assert shown_uri("http://me:secret@host:81/a?key=secret") == "http://host:81/a"


def test_building_asks_nobody(shop, monkeypatch):
    asked = []
    monkeypatch.setattr(socket, "getaddrinfo", lambda *words, **_: asked.append(words))
    monkeypatch.setattr(socket.socket, "connect", lambda _, address: asked.append(address))
    build_source({"source": "http", "uri": "http://does.not.resolve.invalid/"}, shop, Kind.TEXT)
    assert asked == []
