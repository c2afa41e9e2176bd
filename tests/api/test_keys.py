"""API keys made on the page, with real requests."""

import pytest

WORD = "open sesame"
WRITE = "/api/loadpoints/1/mode/pv"


@pytest.fixture
def owner(house, monkeypatch):
    """A client that is logged in."""
    monkeypatch.setattr("evcc_flask.security.passwords.METHOD", "scrypt:1024:8:1")
    client = house.app().test_client()
    client.put("/api/auth/password", json={"new": WORD})
    client.post("/api/auth/login", json={"password": WORD})
    return client


def made(client, name, **more):
    return client.post("/api/auth/keys", json={"name": name, **more}).json["result"]


def bearer(key):
    return {"Authorization": f"Bearer {key}"}


def test_a_key_is_told_once_and_works_until_it_is_revoked(owner, house):
    told = made(owner, "watch", readOnly=True)
    assert (told["name"], told["readOnly"], told["key"][:5]) == ("watch", True, "evcc_")
    (listed,) = owner.get("/api/auth/keys").json["result"]
    assert listed == {key: told[key] for key in ("name", "readOnly", "created")}
    stranger = house.app().test_client()
    log = "/api/system/log?level=INFO"
    assert stranger.get(log, headers=bearer(told["key"])).status_code == 200
    assert stranger.post(WRITE, headers=bearer(told["key"])).status_code == 403
    assert owner.delete("/api/auth/keys/watch").json["result"] == []
    assert owner.get("/api/auth/keys").json["result"] == []
    assert owner.delete("/api/auth/keys/watch").status_code == 404


def test_a_revoked_key_opens_nothing(owner):
    key = made(owner, "watch")["key"]
    owner.delete("/api/auth/keys/watch")
    owner.post("/api/auth/logout")
    assert owner.get("/api/system/log?level=INFO", headers=bearer(key)).status_code == 401


@pytest.mark.parametrize("name", ["", "x" * 41, "a/b", "<b>", "watch"])
def test_a_name_that_makes_no_sense_or_is_taken_is_refused(owner, name):
    made(owner, "watch")
    answer = owner.post("/api/auth/keys", json={"name": name})
    assert (answer.status_code, bool(answer.json["error"])) == (400, True)
    assert len(owner.get("/api/auth/keys").json["result"]) == 1


@pytest.mark.parametrize(
    "body", [{}, [], {"name": 3}, {"name": "a", "readOnly": "yes"}, {"name": "a", "right": "full"}]
)
def test_a_wish_that_is_none_makes_no_key(owner, body):
    assert owner.post("/api/auth/keys", json=body).status_code == 400
    assert owner.get("/api/auth/keys").json["result"] == []


OPERATIONS = [("GET", "/api/auth/keys"), ("POST", "/api/auth/keys"), ("DELETE", "/api/auth/keys/watch")]


@pytest.mark.parametrize(("method", "path"), OPERATIONS)
def test_keys_are_for_who_is_logged_in(owner, house, method, path):
    key = made(owner, "watch")["key"]
    wish = None if method != "POST" else {"name": "another"}
    stranger = house.app().test_client()
    assert stranger.open(path, method=method, json=wish).status_code == 401
    refused = stranger.open(path, method=method, json=wish, headers=bearer(key))
    assert (refused.status_code, "logged in" in refused.json["error"]) == (403, True)
    assert [each["name"] for each in owner.get("/api/auth/keys").json["result"]] == ["watch"]


def test_nobody_on_the_way_keeps_a_key(owner):
    answer = owner.post("/api/auth/keys", json={"name": "watch"})
    assert answer.headers["Cache-Control"] == "no-store"
