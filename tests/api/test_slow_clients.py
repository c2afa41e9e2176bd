"""What clients that take their time may take from others: nothing. Over a real gunicorn."""

import json
import socket
import time

import pytest

from tests.served import serving

HEAD = b"POST /api/auth/login HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"


@pytest.fixture
def served(tmp_path):
    """One that waits for a request for 2 s only."""
    with serving(tmp_path) as start:
        yield start(ARRIVAL_S="2").ready()


def opened(served, text):
    sock = socket.create_connection(("127.0.0.1", served.port), timeout=20)
    sock.sendall(text)
    return sock


def trickled(sock):
    """What comes back while a byte is sent every 0.2 s, and how long that took."""
    start, answer = time.monotonic(), b""
    sock.settimeout(0.2)
    while time.monotonic() - start < 15:
        try:
            sock.sendall(b" ")
            if not (piece := sock.recv(65_536)):
                break
            answer += piece
        except TimeoutError:
            continue
        except OSError:
            break
    sock.close()
    return answer, time.monotonic() - start


@pytest.mark.parametrize("text", [b"GET /api/state HTT", b"GET /api/state HTTP/1.1\r\nHost: localhost\r\nX: "])
def test_headers_that_trickle_in_are_not_waited_for(served, text):
    answer, took = trickled(opened(served, text))
    assert answer == b""
    assert 1 < took < 8


def test_a_body_that_trickles_in_is_answered_with_a_sentence(served):
    answer, took = trickled(opened(served, HEAD + b"Content-Length: 5000\r\n\r\n{"))
    assert answer.startswith(b"HTTP/1.1 408 ")
    assert json.loads(answer.partition(b"\r\n\r\n")[2]) == {"error": "the body did not arrive as announced"}
    assert 1 < took < 8


@pytest.mark.parametrize("text", [b"", b"ff", b"ffff\r\n{", b"1\r\n{", b"1\r\n{\r\n"])
def test_a_chunked_body_without_end_is_answered_with_a_sentence(served, text):
    sock = opened(served, HEAD + b"Transfer-Encoding: chunked\r\n\r\n" + text)
    start, answer = time.monotonic(), b""
    while piece := sock.recv(65_536):
        answer += piece
    assert answer.startswith(b"HTTP/1.1 408 ")
    assert json.loads(answer.partition(b"\r\n\r\n")[2]) == {"error": "the body did not arrive as announced"}
    assert 1 < time.monotonic() - start < 8
    sock.close()


@pytest.mark.parametrize(
    ("text", "status"),
    [
        (b"nonsense\r\n\r\n", 400),
        (b"GET /api/state HTTP/9.9\r\n\r\n", 400),
        (b"GET /api/state HTTP/1.1\r\nHost: localhost\r\nX Y: 1\r\n\r\n", 400),
        (HEAD + b"Transfer-Encoding: chunked\r\n\r\nxyz\r\n{\r\n", 400),
        (HEAD + b"Transfer-Encoding: br\r\n\r\n", 501),
        (b"GET /api/state HTTP/1.1\r\nX: " + b"x" * 9000 + b"\r\n\r\n", 431),
    ],
)
def test_what_is_no_request_is_told_so_as_json(served, text, status):
    sock = opened(served, text)
    answer = b""
    while piece := sock.recv(65_536):
        answer += piece
    assert answer.startswith(b"HTTP/1.1 %d " % status)
    assert json.loads(answer.partition(b"\r\n\r\n")[2])["error"]
    sock.close()


def test_a_body_that_comes_in_time_counts(served):
    sock = opened(served, HEAD + b"Content-Length: 16\r\n\r\n")
    for byte in b'{"password": ""}':
        sock.sendall(bytes((byte,)))
    assert b" 400 " in sock.recv(65_536).partition(b"\r\n")[0]
    sock.close()


def test_who_does_not_hang_up_after_the_last_answer_holds_up_nobody(served):
    """gunicorn lingers on such a connection for 2 s, by itself in the thread that accepts all others."""
    text = b"GET /api/health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
    there = [opened(served, text) for _ in range(20)]
    for sock in there:
        assert sock.recv(65_536).startswith(b"HTTP/1.1 200 ")
    assert max(served.get("/api/health")[2] for _ in range(5)) < 1
    for sock in there:
        sock.close()


def test_more_slow_clients_than_threads_are_gone_soon(served):
    there = [opened(served, b"GET /api/state HTT") for _ in range(220)]
    status, _, took = served.get("/api/health")
    assert (status, took < 8) == (200, True)
    for sock in there:
        sock.close()


def test_a_filter_of_some_thousand_letters_fits_and_a_longer_one_is_refused(served):
    assert served.get("/api/state?jq=.siteTitle%20%23" + "x" * 7000)[:2] == (200, b'"Home"\n')
    for size in (9000, 1 << 20):
        status, body, _ = served.get("/api/state?jq=.siteTitle%20%23" + "x" * size)
        assert (status, "make the filter shorter" in json.loads(body)["error"]) == (400, True)
