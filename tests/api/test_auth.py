"""The life of a password and of a session, with real requests."""

import hashlib
import json
import re
from datetime import UTC, datetime, timedelta

import bcrypt
import pytest
from itsdangerous import URLSafeSerializer

from evcc_flask.control.view import Facts, View
from evcc_flask.security import apikeys
from evcc_flask.security.apikeys import Right
from evcc_flask.security.gate import Mode
from evcc_flask.storage.database import Database

WORD = "open sesame"


class MovedClock:
    """Goes when it is told to."""

    def __init__(self):
        self.s = 1000.0

    def pass_(self, seconds):
        self.s += seconds

    def monotonic_s(self):
        return self.s

    def now(self):
        return datetime(2026, 5, 4, 12, 0, tzinfo=UTC) + timedelta(seconds=self.s)

    def trusted(self):
        return True


@pytest.fixture
def clock(house):
    house.clock = MovedClock()
    return house.clock


@pytest.fixture
def owner(house, clock):
    """A client that is logged in."""
    client = house.app().test_client()
    assert client.put("/api/auth/password", json={"new": WORD}).status_code == 201
    assert client.post("/api/auth/login", json={"password": WORD}).status_code == 200
    return client


def login(client, password=WORD, **more):
    return client.post("/api/auth/login", json={"password": password}, **more)


def status(client, **more):
    answer = client.get("/api/auth/status", **more)
    return answer.status_code, answer.text


def restarted(house):
    """The next process on the same file."""
    house.database.close()
    house.database = Database.open(house.path, house.clock)
    return house.app().test_client()


@pytest.fixture(autouse=True)
def path(house, tmp_path, monkeypatch):
    house.path = tmp_path / "evcc.db"
    monkeypatch.setattr("evcc_flask.security.passwords.METHOD", "scrypt:1024:8:1")


def test_before_a_password_is_set_nobody_can_log_in(client):
    assert status(client) == (501, "Not implemented")
    answer = login(client)
    assert (answer.status_code, answer.text) == (401, "Invalid password\n")
    assert answer.content_type == "text/plain; charset=utf-8"


def test_the_first_password_needs_no_login_and_opens_no_session(client):
    answer = client.put("/api/auth/password", json={"current": "whatever", "new": WORD})
    assert (answer.status_code, answer.data, "Set-Cookie" in answer.headers) == (201, b"", False)
    assert status(client) == (200, "false")


def test_the_cookie_has_evccs_attributes_and_ninety_days(house, clock, owner):
    cookie = login(owner).headers["Set-Cookie"]
    token, rest = cookie.split("; ", 1)
    end = re.fullmatch(r"Path=/; Expires=(\w{3}, \d\d \w{3} \d{4} [\d:]{8} GMT); HttpOnly; SameSite=Strict", rest)[1]
    left = datetime.strptime(end, "%a, %d %b %Y %H:%M:%S GMT").replace(tzinfo=UTC) - clock.now()
    assert abs(left - timedelta(days=90)) < timedelta(seconds=2)
    assert re.fullmatch(r"auth=[\w.-]+", token)


@pytest.mark.parametrize(
    ("headers", "proxy", "secure"),
    [
        ({"X-Forwarded-Proto": "https"}, "127.0.0.1", True),
        ({"X-Forwarded-Proto": "https"}, "192.168.1.9", False),
        ({}, "127.0.0.1", False),
    ],
)
def test_the_cookie_is_secure_behind_a_trusted_proxy_with_https(house, owner, headers, proxy, secure):
    answer = login(owner, headers=headers, environ_base={"REMOTE_ADDR": proxy})
    assert answer.headers["Set-Cookie"].endswith("; Secure") is secure


def test_a_session_counts_as_cookie_and_as_bearer(house, owner):
    assert status(owner) == (200, "true")
    token = owner.get_cookie("auth").value
    stranger = house.app().test_client()
    assert status(stranger) == (200, "false")
    assert status(stranger, headers={"Authorization": f"Bearer {token}"}) == (200, "true")
    assert status(stranger, headers={"Authorization": "Basic dXNlcjp3b3Jk"}) == (200, "false")


def test_a_session_survives_a_restart_and_ends_after_ninety_days(house, clock, owner):
    token = owner.get_cookie("auth").value
    again = restarted(house)
    bearer = {"Authorization": f"Bearer {token}"}
    assert status(again, headers=bearer) == (200, "true")
    clock.pass_(90 * 24 * 3600 - 10)
    assert status(again, headers=bearer) == (200, "true")
    clock.pass_(11)
    assert status(again, headers=bearer) == (200, "false")


def test_logout_ends_this_session_and_no_other(house, owner):
    other = house.app().test_client()
    other.set_cookie("auth", re.match(r"auth=([^;]+)", login(other).headers["Set-Cookie"])[1])
    token = owner.get_cookie("auth").value
    answer = owner.post("/api/auth/logout")
    assert (answer.status_code, answer.headers.getlist("Set-Cookie")) == (200, ["auth=; Path=/; HttpOnly"])
    assert status(owner, headers={"Authorization": f"Bearer {token}"}) == (200, "false")
    assert status(other) == (200, "true")
    assert owner.post("/api/auth/logout").status_code == 200


def test_a_changed_password_ends_all_sessions_but_the_one_that_changed_it(house, owner):
    other = house.app().test_client()
    login(other)
    answer = owner.put("/api/auth/password", json={"current": WORD, "new": "another"})
    assert (answer.status_code, answer.data) == (202, b"")
    assert status(owner) == (200, "true")
    other.application = owner.application
    assert status(other) == (200, "false")
    assert login(other).status_code == 401
    assert login(other, "another").status_code == 200


def test_a_wrong_current_password_changes_nothing(owner):
    answer = owner.put("/api/auth/password", json={"current": "no", "new": "another"})
    assert (answer.status_code, answer.text) == (400, "Invalid password\n")
    assert login(owner).status_code == 200


@pytest.mark.parametrize("new", ["", None, 5, ["a"], {"a": 1}, True, "ä" * 37, "x" * 73, "\ud800"])
def test_what_can_be_no_password_is_a_bad_request(client, new):
    answer = client.put("/api/auth/password", data=json.dumps({"new": new}), content_type="application/json")
    assert answer.status_code == 400
    assert answer.content_type == "text/plain; charset=utf-8"
    assert status(client)[0] == 501


def test_seventy_two_bytes_are_a_password(client):
    assert client.put("/api/auth/password", json={"new": "ä" * 36}).status_code == 201
    assert login(client, "ä" * 36).status_code == 200
    assert login(client, "ä" * 35 + "a").status_code == 401


@pytest.mark.parametrize("body", [b"", b"[]", b"1", b"null", b"{", b"\xff", b'{"password": NaN}', b"[" * 100_000])
def test_a_body_that_is_no_object_is_a_bad_request(client, body):
    for method, path in (("POST", "/api/auth/login"), ("PUT", "/api/auth/password")):
        assert client.open(path, method=method, data=body).status_code == 400


def test_a_login_without_a_password_is_refused_and_no_try(owner):
    for _ in range(7):
        assert owner.post("/api/auth/login", json={}).status_code == 401
        assert login(owner, 5).status_code == 400
    assert login(owner).status_code == 200


def test_a_password_of_evcc_is_taken_over_and_kept_anew(house, clock):
    old = bcrypt.hashpw(WORD.encode(), bcrypt.gensalt(4, b"2a")).decode()
    house.database.save({"adminPassword": old}).wait(2)
    client = house.app().test_client()
    assert status(client) == (200, "false")
    assert login(client, "no").status_code == 401
    assert house.database.settings()["adminPassword"] == old
    assert login(client).status_code == 200
    assert house.database.settings()["adminPassword"].startswith("scrypt:")
    assert status(client) == (200, "true")
    assert login(client).status_code == 200


def test_the_key_of_the_sessions_is_made_once(house, owner):
    key = house.database.settings()["auth.key"]
    login(restarted(house))
    assert house.database.settings()["auth.key"] == key
    assert len(key) == 64
    assert house.path.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    "claims", [{}, {"exp": None}, {"exp": "2099"}, {"exp": True}, {"exp": 1}, {"exp": 1e12}, {"id": "x", "exp": 10**12}]
)
def test_what_we_signed_without_an_end_or_never_opened_is_no_session(house, owner, claims):
    rows = house.database.settings()
    number = next(iter(rows["auth.sessions"]))
    token = URLSafeSerializer(
        rows["auth.key"], salt="evcc-flask session", signer_kwargs={"digest_method": hashlib.sha256}
    ).dumps({"sub": "admin", "id": number, **claims})
    assert status(house.app().test_client(), headers={"Authorization": f"Bearer {token}"}) == (200, "false")


def test_a_token_with_another_letter_is_no_session(house, owner):
    token = owner.get_cookie("auth").value
    for broken in (token[:-1], token + "x", "x" + token, token.swapcase(), "", ".", "é"):
        owner.set_cookie("auth", broken)
        assert status(owner) == (200, "false")


@pytest.mark.parametrize(
    ("accept", "kind"),
    [
        ("*/*", "application/json"),
        ("application/json", "application/json"),
        ("text/plain", "text/plain; charset=utf-8"),
    ],
)
def test_the_status_is_json_unless_text_is_wanted(owner, accept, kind):
    answer = owner.get("/api/auth/status", headers={"Accept": accept})
    assert (answer.content_type, answer.text) == (kind, "true")
    assert answer.headers["Cache-Control"] == "no-store"


# The brake


def test_the_sixth_wrong_password_in_a_minute_is_not_even_checked(owner, clock):
    for _ in range(5):
        assert login(owner, "no").status_code == 401
        clock.pass_(10)
    answer = login(owner)
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "10")
    assert answer.content_type == "text/plain; charset=utf-8"
    assert status(owner) == (200, "true")


def test_refused_tries_do_not_prolong_the_wait(owner, clock):
    for _ in range(5):
        login(owner, "no")
    for _ in range(59):
        clock.pass_(1)
        assert login(owner, "no").status_code == 429
    clock.pass_(1)
    assert login(owner).status_code == 200


def test_the_current_password_is_guarded_by_the_same_brake(owner):
    for _ in range(5):
        owner.put("/api/auth/password", json={"current": "no", "new": "x"})
    answer = owner.put("/api/auth/password", json={"current": WORD, "new": "x"})
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "60")


def test_the_brake_holds_over_a_restart(house, owner, clock):
    for _ in range(5):
        login(owner, "no")
    clock.pass_(20)
    answer = login(restarted(house))
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "40")


def test_another_address_has_tries_of_its_own(owner):
    for _ in range(5):
        login(owner, "no", environ_base={"REMOTE_ADDR": "192.168.1.66"})
    assert login(owner, environ_base={"REMOTE_ADDR": "192.168.1.66"}).status_code == 429
    assert login(owner, environ_base={"REMOTE_ADDR": "192.168.1.67"}).status_code == 200


def test_the_proxy_tells_who_tries_and_nobody_else_does(owner):
    def tried(behind, told):
        return login(owner, "no", environ_base={"REMOTE_ADDR": behind}, headers={"X-Forwarded-For": told}).status_code

    assert [tried("127.0.0.1", "9.9.9.9, 10.0.0.5") for _ in range(6)] == [401] * 5 + [429]
    assert tried("127.0.0.1", "10.0.0.6") == 401
    assert [tried("10.0.0.7", f"10.1.0.{n}") for n in range(6)] == [401] * 5 + [429]


def test_an_address_is_one_however_the_proxy_spells_it(owner):
    def tried(told):
        return login(owner, "no", headers={"X-Forwarded-For": told}).status_code

    assert [tried(told) for told in ("::ffff:1.2.3.4", "1.2.3.4", "::FFFF:1.2.3.4", "1.2.3.4", "1.2.3.4")] == [401] * 5
    assert [tried(told) for told in ("::ffff:1.2.3.4", "1.2.3.4", "1.2.3.5")] == [429, 429, 401]


def test_many_addresses_together_are_slowed_down_but_not_where_the_owner_logs_in(owner):
    tries = [login(owner, "no", environ_base={"REMOTE_ADDR": f"10.0.0.{n}"}).status_code for n in range(31)]
    assert tries == [401] * 30 + [429]
    assert login(owner, environ_base={"REMOTE_ADDR": "10.9.9.9"}).status_code == 429
    assert login(owner).status_code == 200


def test_too_large_is_decided_before_too_often(owner):
    for _ in range(5):
        login(owner, "no")
    answer = owner.post("/api/auth/login", data=b'{"password": "%s"}' % (b"x" * (1 << 20)))
    assert answer.status_code == 413


# Modes


def test_with_auth_disabled_everybody_is_the_owner(house, caplog):
    house.state.show(View(facts=Facts(auth_disabled=True)))
    client = house.app().test_client()
    assert "AUTH IS DISABLED" in caplog.text
    assert status(client) == (200, "true")
    assert "Set-Cookie" not in login(client, "anything").headers
    assert login(client, "anything").status_code == 200
    assert client.get("/api/state").json["result"]["authDisabled"] is True


def test_in_a_demo_nobody_logs_in(house):
    house.state.show(View(facts=Facts(demo=True)))
    client = house.app().test_client()
    assert client.application.extensions["evcc-flask-gate"].mode is Mode.LOCKED
    assert status(client) == (403, "Forbidden in demo mode")
    assert login(client).status_code == 403
    assert client.put("/api/auth/password", json={"new": "x"}).status_code == 403
    assert client.post("/api/auth/logout").status_code == 200


def test_nothing_that_opens_the_door_ever_leaves(house, owner, caplog):
    """Passwords, their hashes, the key of the sessions, sessions and API keys, in answers, headers and the log."""
    caplog.set_level(0)
    rows = house.database.settings()
    key, keys = apikeys.added(None, "widget", Right.FULL, house.clock.now())
    house.database.save({"auth.keys": keys}).wait(2)
    secrets = [WORD, rows["adminPassword"], rows["auth.key"], *rows["auth.sessions"], owner.get_cookie("auth").value]
    secrets += [key, keys["widget"]["hash"], "a wrong one"]
    login(owner, "a wrong one")
    owner.put("/api/auth/password", json={"current": "a wrong one", "new": WORD})
    owner.post("/api/loadpoints/1/mode/pv", headers={"Authorization": f"Bearer {key}"})
    owner.post(f"/api/loadpoints/1/mode/{key}")
    owner.get(f"/api/sessions?year={key}")
    said = []
    for rule in owner.application.url_map.iter_rules():
        if "GET" in (rule.methods or ()) and not rule.arguments:
            answer = owner.get(f"{rule.rule}?level=debug")
            said.append(f"{answer.headers} {answer.text}")
    assert len(said) > 7
    text = " ".join([*said, caplog.text])
    assert [secret for secret in secrets if secret in text] == []


def test_an_address_of_the_old_kind_on_a_socket_for_both_is_named_plainly(owner, caplog):
    caplog.set_level("INFO", "auth")
    login(owner, "no", environ_base={"REMOTE_ADDR": "::ffff:192.0.2.7"})
    assert "from 192.0.2.7" in caplog.text
    assert "ffff" not in caplog.text


def test_a_stray_cookie_of_that_name_does_not_log_the_owner_out(house, owner):
    session = owner.get_cookie("auth").value
    words = {"Cookie": f"auth=of-another-program; auth={session}"}
    assert house.app().test_client(use_cookies=False).get("/api/auth/status", headers=words).json is True
