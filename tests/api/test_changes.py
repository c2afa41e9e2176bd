from datetime import timedelta

import pytest

from evcc_flask.domain.words import Mode
from evcc_flask.security.apikeys import Right, added


def listed(client, **query):
    answer = client.get("/api/changes", query_string=query)
    assert answer.status_code == 200, answer.json
    return answer.json["result"]


def test_a_new_house_has_no_changes(client):
    assert client.get("/api/changes").data == b'{"result":[]}\n'


def test_a_change_tells_when_by_whom_and_from_what_to_what(client, house):
    client.post("/api/loadpoints/1/mode/pv", environ_base={"REMOTE_ADDR": "192.168.1.20"})
    assert listed(client) == [
        {
            "id": 1,
            "time": house.clock.now().astimezone().isoformat(),
            "key": "lp1.mode",
            "old": "off",
            "new": "pv",
            "origin": "api",
            "name": "",
            "address": "192.168.1.20",
        }
    ]


def test_a_page_a_key_and_the_program_are_told_apart(client, house):
    key, rows = added({}, "widget", Right.FULL, house.clock.now())
    house.database.save({"auth.keys": rows}).wait(5.0)
    client = house.app().test_client()
    client.post("/api/loadpoints/1/mode/pv", headers={"Sec-Fetch-Site": "same-origin"})
    client.post("/api/loadpoints/1/mode/now", headers={"Authorization": f"Bearer {key}"})
    client.post("/api/loadpoints/1/mode/minpv")
    origins = [(entry["origin"], entry["name"], entry["new"]) for entry in listed(client)]
    assert origins == [("api", "", "minpv"), ("key", "widget", "now"), ("page", "", "pv")]
    assert key not in str(listed(client))


def test_what_the_program_does_is_not_the_last_visitors_doing(client, house):
    client.post("/api/loadpoints/1/mode/pv")
    house.state.change_loadpoint(0, mode=Mode.NOW)
    assert listed(client)[0]["new"] == "now"


def test_a_wish_that_changes_nothing_or_is_rejected_is_no_change(client):
    client.post("/api/loadpoints/1/mode/off")
    client.post("/api/loadpoints/1/mincurrent/40")
    assert listed(client) == []


def test_keys_origins_and_numbers_choose(client):
    for current in (7, 8, 9):
        client.post(f"/api/loadpoints/1/mincurrent/{current}")
    client.post("/api/loadpoints/2/mode/pv")
    assert [entry["key"] for entry in listed(client, key="lp2")] == ["lp2.mode"]
    assert [entry["new"] for entry in listed(client, key="lp1.minCurrent", count=2)] == [9, 8]
    assert [entry["new"] for entry in listed(client, before=3)] == [8, 7]
    assert listed(client, origin="mqtt") == []


def test_a_span_of_time_chooses(client, house):
    client.post("/api/loadpoints/1/mode/pv")
    now = house.clock.now()
    assert len(listed(client, since=now.isoformat(), until=(now + timedelta(hours=1)).isoformat())) == 1
    assert listed(client, until=now.isoformat()) == []


@pytest.mark.parametrize(
    "query", ["count=0", "count=1001", "count=x", "before=0", "before=99999999999999999999", "origin=me", "since=today"]
)
def test_a_question_that_makes_no_sense_is_refused(client, query):
    answer = client.get(f"/api/changes?{query}")
    assert answer.status_code == 400
    assert answer.json["error"].startswith(query.split("=")[0])


def test_once_there_is_a_password_only_the_owner_reads_the_journal(client, house):
    key, rows = added({}, "widget", Right.READ, house.clock.now())
    house.database.save({"auth.keys": rows}).wait(5.0)
    client = house.app().test_client()
    assert client.put("/api/auth/password", json={"new": "secret"}).status_code == 201
    assert client.get("/api/changes").status_code == 401
    assert client.get("/api/changes", headers={"Authorization": f"Bearer {key}"}).status_code == 200
    assert client.post("/api/auth/login", json={"password": "secret"}).status_code == 200
    assert client.get("/api/changes").status_code == 200
