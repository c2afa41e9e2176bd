"""What stands before the handlers: names, pages of strangers, rights, sizes, JSON, headers."""

import http.client
import io
import json
import socket

import pytest

from evcc_flask import create_app
from evcc_flask.api.jsonbody import parsed
from evcc_flask.config.model import Configuration, OwnConfig
from evcc_flask.control.view import Facts, View
from evcc_flask.security import apikeys
from evcc_flask.security.apikeys import Right
from tests.served import serving

WORD = "open sesame"
WRITE = "/api/loadpoints/1/mode/pv"


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr("evcc_flask.security.passwords.METHOD", "scrypt:1024:8:1")


@pytest.fixture
def opened(house):
    """A client of a house with these rules."""

    def open_(external="", password=None, **own):
        configuration = Configuration(own=OwnConfig(**own), external_url=external)
        app = create_app(house.state, house.database, lambda: house.verdict, house.clock, configuration)
        app.extensions["evcc-flask-end"] = lambda: None  # or the test would end itself
        client = app.test_client()
        if password:
            assert client.put("/api/auth/password", json={"new": password}).status_code == 201
        return client

    return open_


def key(house, right, name="widget"):
    made, rows = apikeys.added(house.database.settings().get("auth.keys"), name, right, house.clock.now())
    house.database.save({"auth.keys": rows}).wait(2)
    return {"Authorization": f"Bearer {made}"}


# Names


def test_home_assistants_gateway_alone_may_use_any_name_and_say_who_asks(house):
    app = create_app(
        house.state, house.database, lambda: house.verdict, house.clock, Configuration(), ingress="172.30.32.2"
    )
    client = app.test_client()
    strange = {"Host": "house.example", "X-Ingress-Path": "/api/hassio_ingress/x"}
    for address, status in (
        ("172.30.32.2", 200),
        ("::ffff:172.30.32.2", 200),
        ("172.30.32.3", 421),
        ("127.0.0.1", 421),
    ):
        answer = client.get("/api/health", headers=strange, environ_base={"REMOTE_ADDR": address})
        assert answer.status_code == status, address


@pytest.mark.parametrize(
    "name",
    ["192.168.1.5", "192.168.1.5:7070", "[fe80::1]", "[2001:db8::1]:7070", "localhost:7070", "evcc", "EVCC.local.",
     "a.b.lan", "evcc.home.arpa", "x.internal", "evcc.fritz.box:80", "sun.example", "sun.example:7070",
     "more.example", "deep.wild.example"],
)  # fmt: skip
def test_names_of_the_house_are_welcome(opened, name):
    client = opened("https://sun.example/evcc", allowed_hosts=("more.example", "*.wild.example"))
    for path in ("/api/state", "/api/health", "/api/docs"):
        assert client.get(path, headers={"Host": name}).status_code == 200, path


@pytest.mark.parametrize(
    "name",
    ["evil.example", "evil.example:7070", "127.0.0.1.evil.example", "fritz.box.evil.example", "sun.example.evil.org",
     "xfritz.box", "notsun.example", "[::1].evil.example", "a b", "evil.org@localhost", "127.1.org", "wild.example"],
)  # fmt: skip
def test_other_names_are_sent_away_with_the_setting_that_would_help(opened, name):
    client = opened("https://sun.example", allowed_hosts=("*.wild.example",))
    for method, path in (("GET", "/api/state"), ("POST", WRITE), ("GET", "/"), ("GET", "/nowhere")):
        answer = client.open(path, method=method, headers={"Host": name})
        assert answer.status_code == 421
        assert "api.hosts" in answer.json["error"]


def test_a_forwarded_host_does_not_open_the_door(opened):
    """A page that rebinds its name can name any in a header of its own."""
    headers = {"Host": "evil.example", "X-Forwarded-Host": "localhost", "X-Forwarded-For": "1.2.3.4"}
    assert opened().get("/api/state", headers=headers).status_code == 421
    assert opened().get("/api/health", headers=headers).status_code == 421


def test_every_name_is_welcome_where_the_owner_says_so(opened):
    assert opened(allowed_hosts=("*",)).get("/api/state", headers={"Host": "any.example"}).status_code == 200


# Pages of strangers


@pytest.mark.parametrize(
    "headers",
    [{}, {"Origin": "http://localhost"}, {"Origin": "HTTP://LOCALHOST:80"}, {"Sec-Fetch-Site": "same-origin"},
     {"Sec-Fetch-Site": "none"}, {"Sec-Fetch-Site": "same-origin", "Origin": "https://proxy.example"},
     {"Origin": "http://ha.lan:8123"}, {"Origin": "http://ha.lan:8123", "Sec-Fetch-Site": "cross-site"}],
)  # fmt: skip
def test_writes_from_our_page_a_listed_page_or_a_program_work(opened, headers):
    client = opened(allowed_origins=("http://ha.lan:8123/",))
    assert client.post(WRITE, headers=headers, data='{"stray": 1}').status_code == 200


@pytest.mark.parametrize(
    "headers",
    [{"Origin": "https://evil.example"}, {"Origin": "null"}, {"Origin": ""}, {"Origin": "http://localhost:8080"},
     {"Origin": "http://localhost.evil.example"}, {"Origin": "http://evil.example/localhost"}, {"Origin": "localhost"},
     {"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}, {"Origin": "http://ha.lan"},
     {"Origin": "http://a@localhost"}],
)  # fmt: skip
def test_writes_from_other_pages_are_refused(opened, house, headers):
    client = opened(allowed_origins=("http://ha.lan:8123",))
    before = house.state.settings
    for method, path in (
        ("POST", WRITE),
        ("PUT", "/api/auth/password"),
        ("POST", "/api/auth/login"),
        ("DELETE", "/api/batterymode"),
        ("POST", "/api/system/shutdown"),
        ("POST", "/api/system/reload"),
    ):
        answer = client.open(path, method=method, headers=headers, json={"new": "x"})
        assert answer.status_code == 403
        assert "api.origins" in answer.json["error"]
        assert "Access-Control-Allow-Origin" not in answer.headers
    assert house.state.settings == before


def test_every_page_may_read_until_there_is_a_password(opened):
    client = opened()
    other = {"Origin": "https://widget.example"}
    answer = client.get("/api/state", headers=other)
    assert (answer.status_code, answer.headers["Access-Control-Allow-Origin"]) == (200, "*")
    assert "Origin" in answer.headers["Vary"]
    client.put("/api/auth/password", json={"new": WORD})
    answer = client.get("/api/state", headers=other)
    assert (answer.status_code, "Access-Control-Allow-Origin" in answer.headers) == (403, False)
    assert "api.origins" in answer.json["error"]
    assert client.get("/ws", headers=other).status_code == 403
    assert client.get("/api/state", headers={"Origin": "http://localhost"}).status_code == 200
    assert client.get("/api/state").status_code == 200


def test_a_listed_page_may_read_and_write_with_a_password(opened):
    client = opened(password=WORD, allowed_origins=("https://widget.example",))
    listed = {"Origin": "https://widget.example"}
    for answer in (client.get("/api/state", headers=listed), client.post(WRITE, headers=listed)):
        assert answer.status_code == 200
        assert answer.headers["Access-Control-Allow-Origin"] == "https://widget.example"


def test_a_browser_that_asks_before_gets_an_answer_as_the_request_would(opened):
    client = opened(allowed_origins=("https://widget.example",))

    def asked(origin, method):
        headers = {"Origin": origin, "Access-Control-Request-Method": method}
        answer = client.options("/api/state", headers=headers)
        return answer.status_code, answer.headers.get("Access-Control-Allow-Origin")

    assert asked("https://other.example", "GET") == (204, "*")
    assert asked("https://other.example", "POST") == (403, None)
    assert asked("https://widget.example", "DELETE") == (204, "https://widget.example")
    client.put("/api/auth/password", json={"new": WORD})
    assert asked("https://other.example", "GET") == (403, None)


# Rights

OWNERS = [
    ("GET", "/api/system/log?level=nonsense"),
    ("GET", "/api/system/log/areas"),
    ("POST", "/api/system/reload"),
    ("POST", "/api/system/shutdown"),
]


@pytest.mark.parametrize(("method", "path"), OWNERS)
def test_what_is_the_owners_asks_for_a_login_before_anything_else(opened, house, method, path):
    client = opened()
    for _ in range(2):
        answer = client.open(path, method=method)
        assert (answer.status_code, answer.text) == (401, "Unauthorized")
        assert answer.content_type == "text/plain; charset=utf-8"
        client.put("/api/auth/password", json={"new": WORD})
    client.post("/api/auth/login", json={"password": WORD})
    assert client.open(path, method=method).status_code != 401
    client.post("/api/auth/logout")
    assert client.open(path, method=method).status_code == 401


@pytest.mark.parametrize(("method", "path"), OWNERS)
def test_keys_open_what_they_are_for(opened, house, method, path):
    client = opened()
    full, reading = key(house, Right.FULL, "all"), key(house, Right.READ, "some")
    house.clock.monotonic_s = lambda: 2000.0
    assert client.open(path, method=method, headers=full).status_code != 401
    assert client.open(path, method=method, headers=reading).status_code == (403 if method == "POST" else 200) or (
        "nonsense" in path
    )
    wrong = {"Authorization": "Bearer evcc_" + "x" * 43}
    assert client.open(path, method=method, headers=wrong).status_code == 401


def test_a_key_for_reading_never_writes(opened, house):
    reading, full = key(house, Right.READ, "some"), key(house, Right.FULL, "all")
    client = opened()
    answer = client.post(WRITE, headers=reading)
    assert answer.status_code == 403
    assert "'some' may only read" in answer.json["error"]
    assert client.get("/api/state", headers=reading).status_code == 200
    assert client.post(WRITE, headers=full).status_code == 200


def test_writes_ask_for_a_login_where_the_owner_wants_it(opened, house):
    full = key(house, Right.FULL)
    client = opened(password=WORD, login_for_writes=True)
    answer = client.post(WRITE)
    assert (answer.status_code, answer.text) == (401, "Unauthorized")
    assert client.get("/api/state").status_code == 200
    assert client.post(WRITE, headers=full).status_code == 200
    assert client.post("/api/auth/logout").status_code == 200
    client.post("/api/auth/login", json={"password": WORD})
    assert client.post(WRITE).status_code == 200


def test_anonymous_writes_work_as_in_evcc(opened):
    client = opened(password=WORD)
    for headers in ({}, {"Authorization": "Basic dTpw"}, {"Authorization": "Bearer of-another-program"}):
        assert client.post(WRITE, headers=headers).status_code == 200


def test_a_key_that_is_none_of_ours_any_more_writes_nothing_though_writes_are_open(opened):
    client, revoked = opened(password=WORD), {"Authorization": "Bearer evcc_revoked"}
    assert client.post(WRITE, headers=revoked).status_code == 401
    assert client.get("/api/state", headers=revoked).status_code == 200
    assert client.post("/api/auth/logout", headers=revoked).status_code == 200


@pytest.mark.parametrize(("facts", "status"), [(Facts(auth_disabled=True), None), (Facts(demo=True), 403)])
def test_modes_count_for_what_is_the_owners(opened, house, facts, status):
    house.state.show(View(facts=facts))
    answer = opened().get("/api/system/log/areas")
    assert answer.status_code == (status or 200)


# Sizes and JSON


def test_a_body_without_a_length_is_taken_up_to_the_same_size(opened):
    client = opened()

    def sent(size):
        body = b'{"new": ""}' + b" " * (size - 11)
        environ = {"wsgi.input_terminated": True}
        headers = {"Transfer-Encoding": "chunked"}
        return client.put(
            "/api/auth/password", input_stream=io.BytesIO(body), headers=headers, environ_overrides=environ
        ).status_code

    assert sent(1 << 20) == 400
    assert sent((1 << 20) + 1) == 413


@pytest.mark.parametrize(
    "body",
    ["[" * 100_000, "[" * 100_000 + "]" * 100_000, '{"a":' * 50_000 + "1" + "}" * 50_000, "NaN", "[Infinity]", "1e999",
     "-Infinity", "[-1e999]", "9" * 5000, '"\\ud800"', '{"a": "\\uDFFF"}', "{", "[1,]", '"\x00"', b"\xff\xfe",
     b"\xef\xbb\xbf{}", "[" + "{}," * 100_000 + "{}]"],
)  # fmt: skip
def test_odd_json_is_an_error_like_any_other(opened, body):
    with pytest.raises(json.JSONDecodeError):
        parsed(body)
    client = opened(password=WORD)
    assert client.post("/api/auth/login", data=body).status_code == 400


def test_proper_json_is_read(opened):
    text = '{"a": [1, 2.5e3, -0, true, null, "\\u00e4 \\ud83d\\ude00 é"]}'
    assert parsed(text) == parsed(text.encode()) == json.loads(text)


# Headers


def test_every_answer_is_hardened(opened):
    client = opened()
    answers = [client.get(path) for path in ("/", "/api/state", "/api/health", "/nowhere", "/manifest.webmanifest")]
    answers += [client.post(WRITE), client.get("/api/state", headers={"Host": "evil.example"})]
    for answer in answers:
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Referrer-Policy"] == "no-referrer"
        policy = answer.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy


def test_only_listed_pages_may_show_ours_in_a_frame(opened):
    policy = opened().get("/").headers["Content-Security-Policy"]
    assert policy.endswith("; frame-ancestors 'self'")
    policy = opened(allowed_origins=("http://ha.lan:8123",)).get("/").headers["Content-Security-Policy"]
    assert policy.endswith("; frame-ancestors 'self' http://ha.lan:8123")


# Through gunicorn


@pytest.fixture
def served(tmp_path):
    with serving(tmp_path) as start:
        yield start().ready()


def answered(served, method, path, body=None, **headers):
    connection = served.connection()
    headers = {name.replace("_", "-"): value for name, value in headers.items()}
    connection.request(method, path, body, headers)
    answer = connection.getresponse()
    answer.text = answer.read().decode()
    connection.close()
    return answer


def test_the_life_of_a_password_over_a_real_connection(served):
    assert answered(served, "GET", "/api/auth/status").status == 501
    assert answered(served, "PUT", "/api/auth/password", json.dumps({"new": WORD})).status == 201
    login = answered(served, "POST", "/api/auth/login", json.dumps({"password": WORD}), X_Forwarded_Proto="https")
    cookie = login.headers["Set-Cookie"]
    assert cookie.endswith("; HttpOnly; SameSite=Strict; Secure")
    assert answered(served, "GET", "/api/auth/status", Cookie=cookie.partition(";")[0]).text == "true"
    gone = answered(served, "POST", "/api/auth/logout", Cookie=cookie.partition(";")[0])
    assert gone.headers.get_all("Set-Cookie") == ["auth=; Path=/; HttpOnly"]
    assert answered(served, "GET", "/api/auth/status", Cookie=cookie.partition(";")[0]).text == "false"


def test_a_refused_head_leaves_the_line_in_order(served):
    connection = served.connection()
    for host, status in (("evil.example", 421), ("localhost", 200)):
        connection.request("HEAD", "/api/health", headers={"Host": host})
        answer = connection.getresponse()
        assert (answer.status, answer.read()) == (status, b"")
    connection.request("GET", "/api/health")
    assert connection.getresponse().read() == b"OK\n"
    connection.close()


def test_strange_names_and_pages_are_refused_over_a_real_connection(served):
    assert answered(served, "GET", "/api/state", Host="evil.example").status == 421
    assert answered(served, "GET", "/api/state").status == 200
    assert answered(served, "POST", WRITE, Origin="http://evil.example").status == 403
    assert answered(served, "POST", WRITE, Origin=f"http://127.0.0.1:{served.port}").status == 200


def test_an_endless_body_is_refused_and_the_line_is_cut(served):
    chunk = b"10000\r\n" + b"x" * 0x10000 + b"\r\n"
    with socket.create_connection(("127.0.0.1", served.port), timeout=20) as line:
        line.sendall(b"POST /api/auth/login HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n")
        for _ in range(17):
            line.sendall(chunk)
        answer = http.client.HTTPResponse(line)
        answer.begin()
        assert answer.status == 413
        with pytest.raises((ConnectionError, TimeoutError)):
            line.sendall(chunk * 2000)


def test_a_body_in_chunks_is_read(served):
    body = [b'{"new": ', b'"', WORD.encode(), b'"}']
    answer = answered(served, "PUT", "/api/auth/password", iter(body))
    assert answer.status == 201


@pytest.mark.parametrize(
    "plans", ["[" + "{}," * 100_000 + "{}]", "[" + "{}," * 9_990 + "{}]", '["' + "x" * 1_000_000 + '"]']
)
def test_a_flood_of_plans_is_refused_at_once_with_a_short_sentence(opened, plans, monkeypatch):
    client = opened()
    looked_at = []
    monkeypatch.setattr("evcc_flask.api.errors.REDACTOR.text", lambda text: looked_at.append(len(text)) or text)
    for body in (plans, f'{{"plans": {plans}}}'):
        answer = client.post("/api/vehicles/car/plan/repeating", data=body, content_type="application/json")
        assert 400 <= answer.status_code < 500
        assert len(answer.data) < 1200
    assert max(looked_at, default=0) <= 4000
