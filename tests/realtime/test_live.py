"""``/ws`` over a real gunicorn."""

import json
import os
import signal
import socket
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import websocket

SECRET = {"Content-Type": "application/json"}


def connect(served, path="/ws", **options):
    return websocket.create_connection(f"ws://127.0.0.1:{served.port}{path}", timeout=20, **options)


def refusal(served, **options):
    with pytest.raises(websocket.WebSocketBadStatusException) as refused:
        connect(served, **options)
    return refused.value.status_code


def asked(served, method, path, body=None, headers=None):
    connection = served.connection()
    connection.request(method, path, body, headers or {})
    answer = connection.getresponse()
    answer.read()
    connection.close()
    return answer


def count(process, what):
    """Threads (task) or files (fd) of a process."""
    return len(list(Path(f"/proc/{process}/{what}").iterdir()))


def with_password(served):
    """Headers of the owner, once there is a password."""
    body = json.dumps({"current": "", "new": "sun"})
    assert asked(served, "PUT", "/api/auth/password", body, SECRET).status == 201
    cookie = asked(served, "POST", "/api/auth/login", '{"password": "sun"}', SECRET).headers["Set-Cookie"]
    return {"Cookie": cookie.partition(";")[0]}


@pytest.mark.parametrize("path", ["/ws", "/bare/ws"])
def test_everything_at_first_then_what_a_click_changes(serve, path):
    served = serve().ready()
    live = connect(served, path)
    welcome = json.loads(live.recv())
    state = json.loads(served.get("/bare/api/state")[1])
    assert {key: value for key, value in welcome.items() if not key.startswith("loadpoints.")} == {
        key: value for key, value in state.items() if key != "loadpoints"
    }
    for index, loadpoint in enumerate(state["loadpoints"]):
        assert {key: welcome[f"loadpoints.{index}.{key}"] for key in loadpoint} == loadpoint
    asked(served, "POST", "/api/loadpoints/2/mode/minpv")
    assert json.loads(live.recv()) == {"loadpoints.1.mode": "minpv"}
    live.close()


def test_frames_are_not_compressed_for_each_client(serve):
    live = connect(serve().ready(), header={"Sec-WebSocket-Extensions": "permessage-deflate"})
    assert "sec-websocket-extensions" not in live.headers
    assert json.loads(live.recv())["siteTitle"] == "Home"
    live.close()


def test_a_request_without_upgrade_is_a_bad_request(serve):
    assert serve().ready().get("/ws")[0] == 400


HANDSHAKE = {
    "Upgrade": "websocket",
    "Connection": "keep-alive, Upgrade",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
}


def test_a_handshake_that_is_none_is_refused_without_a_word_in_the_log(serve):
    served = serve().ready()
    for name, value, status in (
        ("Sec-WebSocket-Key", None, 400),
        ("Sec-WebSocket-Key", "c2hvcnQ=", 400),
        ("Sec-WebSocket-Key", "no base64", 400),
        ("Sec-WebSocket-Version", None, 400),
        ("Sec-WebSocket-Version", "7", 426),
        ("Sec-WebSocket-Version", "thirteen", 426),
        ("Connection", "close", 400),
        ("Upgrade", "h2c", 400),
    ):
        changed = {key: text for key, text in {**HANDSHAKE, name: value}.items() if text is not None}
        answer = asked(served, "GET", "/ws", headers=changed)
        assert answer.status == status, (name, value)
        assert answer.headers.get("Sec-WebSocket-Version") == ("13" if status == 426 else None)
        assert answer.headers["Content-Type"].startswith("application/json")
    os.kill(served.process.pid, signal.SIGTERM)
    assert "Traceback" not in served.ended(10)


def test_the_rules_of_the_door_hold(serve):
    served = serve().ready()
    assert refusal(served, host="evil.example") == 421
    connect(served, origin="http://elsewhere.example").close()
    with_password(served)
    assert refusal(served, origin="http://elsewhere.example") == 403
    connect(served, origin=f"http://127.0.0.1:{served.port}").close()
    connect(served, suppress_origin=True).close()


def test_warnings_are_told_to_the_owner_only_once_there_is_a_password(serve):
    served = serve().ready()
    owner, stranger = connect(served, header=with_password(served)), connect(served)
    for live in (owner, stranger):
        live.recv()
    assert asked(served, "POST", "/api/auth/login", '{"password": "rain"}', SECRET).status == 401
    event = json.loads(owner.recv())["log"]
    assert (event["level"], "password" in event["message"]) == ("warn", True)
    asked(served, "POST", "/api/residualpower/5")
    assert json.loads(stranger.recv()) == {"residualPower": 5}
    for live in (owner, stranger):
        live.close()


def test_open_connections_hold_no_thread_and_do_not_hold_up_the_end(serve, tmp_path):
    served = serve().ready()
    (worker,) = served.workers()
    with ThreadPoolExecutor(8) as threads:
        lives = list(threads.map(lambda _: connect(served), range(100)))
    for live in lives:
        live.recv()
    assert count(worker, "task") < 60
    asked(served, "POST", "/api/residualpower/5")
    assert {live.recv() for live in lives} == {'{"residualPower":5}'}
    os.kill(served.process.pid, signal.SIGTERM)
    assert lives[0].recv_data()[0] == websocket.ABNF.OPCODE_CLOSE
    served.ended(5)
    assert served.process.returncode == 0
    assert (tmp_path / "ended").exists()
    for live in lives:
        live.shutdown()


def test_connections_that_went_away_leave_nothing_behind(serve):
    served = serve().ready()
    (worker,) = served.workers()
    last = connect(served)
    asked(served, "POST", "/api/residualpower/1000")
    before = count(worker, "fd")
    for _ in range(20):
        live = connect(served)
        live.recv()
        live.sock.close()
    number = 0
    while count(worker, "fd") > before and number < 500:
        number += 1
        asked(served, "POST", f"/api/residualpower/{number}")
    assert count(worker, "fd") <= before
    last.close()


def handshake(served):
    """A connection that is upgraded and never reads."""
    deaf = socket.create_connection(("127.0.0.1", served.port), timeout=20)
    deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
    deaf.sendall(
        b"GET /ws HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
        b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    )
    return deaf


def trickling(served, text):
    slow = socket.create_connection(("127.0.0.1", served.port), timeout=20)
    slow.sendall(text)
    return slow


def test_slow_silent_and_deaf_clients_leave_the_state_and_health_alone(serve):
    served = serve().ready()
    there = [handshake(served) for _ in range(60)]
    for number in range(50):
        text = (
            b"",
            b"GET /api/state HT",
            b"POST /api/auth/login HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
            b"Content-Length: 900\r\n\r\n{",
            b"POST /api/loadpoints/1/mode/pv HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n4\r\n{",
            b"GET /api/health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
        )[number % 5]
        there.append(trickling(served, text))
    took = []
    for number in range(40):
        for path in ("/api/state", "/api/health"):
            status, _, seconds = served.get(path)
            assert status == 200
            took.append(seconds)
        assert asked(served, "POST", f"/api/residualpower/{number}").status == 200
        for slow in there[60::5]:
            slow.sendall(b"")
        there[61 + number % 10 * 5].sendall(b"T")
    assert max(took) < 1.0
    live = connect(served)
    assert json.loads(live.recv())["residualPower"] == 39
    live.close()
    for each in there:
        each.close()
    assert Path(f"/proc/{served.process.pid}").exists()
