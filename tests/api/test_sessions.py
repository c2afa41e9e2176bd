import json
import os
import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from evcc_flask.api.csvtable import language
from evcc_flask.domain.sessions import SessionRow

START = datetime(2025, 2, 3, 12, 0, tzinfo=UTC)


def session(key, start, **changes):
    values = {
        "key": key,
        "loadpoint": 0,
        "title": "Carport",
        "vehicle": "blauer e-Golf",
        "identifier": "",
        "created": start,
        "finished": start + timedelta(hours=2),
        "meter_start_kwh": 1000.5,
        "meter_stop_kwh": 1012.0,
        "charged_kwh": 11.5,
        "charge_duration_s": 3723.0,
        "solar_percent": 66.6666,
        "price": 1.2345,
        "price_per_kwh": 0.1073478,
        "co2_per_kwh": None,
        "odometer_km": 12345.6,
        "closed": True,
    }
    return SessionRow(**values | changes)


@pytest.fixture
def charged(house):
    rows = [session("1", START), session("2", START + timedelta(days=40), vehicle="", finished=None, price=None)]
    assert house.database.save_sessions(rows).wait(2.0) is None


def test_a_new_house_has_an_empty_list(client):
    assert client.get("/api/sessions").data == b'{"result":[]}\n'


@pytest.mark.usefixtures("charged")
def test_sessions_are_listed_newest_first(client):
    newer, older = client.get("/api/sessions").json["result"]
    assert older["chargeDuration"] == 3_723_000_000_000
    assert datetime.fromisoformat(older["created"]) == START
    assert older["vehicle"] == "blauer e-Golf"
    assert older["co2PerKWh"] is None
    assert "vehicle" not in newer
    assert newer["finished"] == "0001-01-01T00:00:00Z"
    assert newer["price"] is None


@pytest.mark.usefixtures("charged")
def test_year_and_month_choose(client):
    assert len(client.get("/api/sessions?year=2025").json["result"]) == 2
    assert len(client.get("/api/sessions?year=2025&month=2").json["result"]) == 1
    assert len(client.get("/api/sessions?month=7").json["result"]) == 2
    assert client.get("/api/sessions?year=2024").json["result"] == []


@pytest.mark.parametrize("query", ["month=13", "month=0", "month=x", "year=%25", "year=20.5", "format=xml", "year="])
def test_a_question_that_makes_no_sense_is_refused(client, query):
    answer = client.get(f"/api/sessions?{query}")
    assert answer.status_code == 400
    assert answer.json["error"].startswith(query.split("=")[0])


@pytest.mark.usefixtures("charged")
def test_the_english_table(client):
    answer = client.get("/api/sessions?format=csv&year=2025&month=2&lang=en")
    local = START.astimezone()
    assert answer.content_type == "text/csv; charset=utf-8"
    assert answer.headers["Content-Disposition"] == "attachment; filename=session-2025-02.csv"
    assert answer.data.decode("utf-8") == (
        "\ufeffCreated,Finished,Charging point,Identifier,Vehicle,Mileage (km),Meter start (kWh),Meter stop (kWh),"
        "Energy (kWh),Duration,Solar (%),Price,Price/kWh,CO₂/kWh\n"
        f"{local:%Y-%m-%d %H:%M:%S},{local + timedelta(hours=2):%Y-%m-%d %H:%M:%S},Carport,,blauer e-Golf,12346,"
        "1000.5,1012,11.5,1h2m3s,66.667,1.234,0.107,\n"
    )


@pytest.mark.usefixtures("charged")
def test_the_german_table(client):
    answer = client.get("/api/sessions?format=csv&year=2025", headers={"Accept-Language": "de-DE,en;q=0.5"})
    lines = answer.data.decode("utf-8").splitlines()
    assert answer.headers["Content-Disposition"] == "attachment; filename=session-2025.csv"
    assert lines[0].startswith("\ufeffStartzeit;Endzeit;Ladepunkt;Kennung")
    assert lines[2].endswith(";12346;1000,5;1012;11,5;1h2m3s;66,667;1,234;0,107;")


@pytest.mark.parametrize(
    ("asked", "accepted", "system", "chosen"),
    [
        ("de", "en", "en_US", "de"),
        ("en", "de", "de_DE", "en"),
        ("tlh", "de", "de_DE", "en"),
        (None, "de-AT,en", "en_US", "de"),
        (None, "fr,de", "de_DE", "en"),
        (None, None, "en_GB.UTF-8", "en"),
        (None, None, "de_DE.UTF-8", "de"),
        (None, None, "C.UTF-8", "de"),
        (None, None, "", "de"),
    ],
)
def test_the_language_is_asked_for_then_the_browsers_then_the_systems(asked, accepted, system, chosen):
    assert language(asked, accepted, {"LANG": system}) == chosen


@pytest.fixture
def long_list(house, tmp_path):
    with sqlite3.connect(tmp_path / "evcc.db") as database:
        database.execute(
            "WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 99999)"
            " INSERT INTO sessions (created, finished, loadpoint, vehicle, charged_kwh, price_per_kwh, closed)"
            " SELECT datetime('2020-01-01', (i * 30) || ' minutes'),"
            " datetime('2020-01-01', (i * 30 + 25) || ' minutes'), 'Carport', 'ä' || i, 1 + i % 20, 9e999, 1 FROM n"
        )


def resident_bytes():
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGESIZE")


@pytest.mark.usefixtures("long_list")
@pytest.mark.parametrize("query", ["format=csv&lang=de", ""])
def test_a_hundred_thousand_sessions_go_out_in_constant_memory(client, query):
    before, size, most, last = resident_bytes(), 0, 0, b""
    with client.get(f"/api/sessions?{query}") as answer:
        for number, piece in enumerate(answer.iter_encoded()):
            size += len(piece)
            last = piece
            if number % 20 == 0:
                most = max(most, resident_bytes())
    assert size > 6_000_000
    assert most - before < 5_000_000
    assert last.endswith(b"]}\n" if not query else b"\n")


@pytest.mark.usefixtures("long_list")
def test_a_list_in_pieces_is_one_list(client):
    with client.get("/api/sessions?year=2021") as answer:
        sessions = json.loads(answer.data)["result"]
    assert len(sessions) == 365 * 48
    assert {session["pricePerKWh"] for session in sessions} == {None}
    with client.get("/bare/api/sessions?year=2021") as answer:
        assert json.loads(answer.data) == sessions


@pytest.mark.usefixtures("long_list")
def test_too_many_long_lists_at_once_are_asked_to_come_again(client, monkeypatch):
    monkeypatch.setattr("evcc_flask.storage.streams.PATIENCE_S", 0.01)
    there = [client.get("/api/sessions") for _ in range(8)]
    assert {answer.status_code for answer in there} == {200}
    refused = client.get("/api/sessions?format=csv")
    assert (refused.status_code, refused.headers["Retry-After"]) == (503, "2")
    there.pop().close()
    for _ in range(3):
        with client.head("/api/sessions") as answer:
            assert answer.status_code == 200
    for each in there:
        each.close()


@pytest.mark.usefixtures("charged")
def test_a_short_list_has_its_length(client):
    answer = client.get("/api/sessions")
    assert int(answer.headers["Content-Length"]) == len(answer.data)


def numbers(client):
    return [each["id"] for each in client.get("/api/sessions").json["result"]]


@pytest.mark.usefixtures("charged")
def test_a_session_gets_another_name_and_keeps_it(client, house):
    newer, older = numbers(client)
    answer = client.put(f"/api/session/{older}", json={"vehicle": "Zoë", "loadpoint": "Hof"})
    assert (answer.status_code, answer.data) == (200, b"")
    shown = client.get("/api/sessions").json["result"][1]
    assert (shown["vehicle"], shown["loadpoint"]) == ("Zoë", "Hof")
    assert client.put(f"/api/session/{newer}", data=b'{"vehicle": "golf", "stray": 1}').status_code == 200
    assert client.get("/api/sessions").json["result"][0]["vehicle"] == "blauer e-Golf"


def test_what_a_person_did_to_a_running_session_stays_done(client, house):
    assert house.database.save_sessions([session("1", START, closed=False)]).wait(2.0) is None
    (number,) = numbers(client)
    client.put(f"/api/session/{number}", json={"vehicle": "Zoë"})
    house.database.save_sessions([session("1", START, closed=False, charged_kwh=20.0)]).wait(2.0)
    shown = client.get("/api/sessions").json["result"][0]
    assert (shown["vehicle"], shown["chargedEnergy"]) == ("Zoë", 20)
    client.delete(f"/api/session/{number}")
    house.database.save_sessions([session("1", START, charged_kwh=21.0)]).wait(2.0)
    assert numbers(client) == []


@pytest.mark.usefixtures("charged")
def test_a_deleted_session_is_gone(client):
    newer, older = numbers(client)
    answer = client.delete(f"/api/session/{newer}")
    assert (answer.status_code, answer.json) == (200, {"result": None})
    assert numbers(client) == [older]
    assert client.delete(f"/api/session/{newer}").status_code == 404


@pytest.mark.usefixtures("charged")
@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"no json",
        b"[]",
        b"{}",
        b'{"other": "x"}',
        b'{"vehicle": 7}',
        b'{"vehicle": null}',
        b'{"vehicle": ""}',
        b'{"vehicle": "\\ud800"}',
        b'{"loadpoint": ["x"]}',
        b'{"vehicle": "' + b"x" * 201 + b'"}',
    ],
)
def test_a_name_that_is_none_changes_nothing(client, body):
    before = client.get("/api/sessions").data
    answer = client.put(f"/api/session/{numbers(client)[0]}", data=body)
    assert (answer.status_code, list(answer.json)) == (400, ["error"])
    assert client.get("/api/sessions").data == before


@pytest.mark.parametrize("method", ["put", "delete"])
@pytest.mark.parametrize(("number", "status"), [("99", 404), ("0", 400), ("99999999999999999999", 400), ("x", 404)])
def test_a_session_that_is_not_there_cannot_be_changed(client, method, number, status):
    answer = getattr(client, method)(f"/api/session/{number}", data=b'{"vehicle": "Zoe"}')
    assert answer.status_code == status


def test_a_short_list_is_read_once_until_a_session_is_written(house, monkeypatch):
    client, reads = house.app().test_client(), []
    each = house.database.each_session
    monkeypatch.setattr(house.database, "each_session", lambda *span: reads.append(span) or each(*span))
    first = client.get("/api/sessions")
    again = client.get("/api/sessions")
    assert (again.status_code, again.data, again.content_type) == (200, first.data, first.content_type)
    assert client.get("/bare/api/sessions").data != first.data
    assert client.get("/api/sessions?year=2020").status_code == 200
    assert reads == [(None, None), (None, None), (2020, None)]
    house.state.change_site(residual_power_w=17.0)
    client.get("/api/sessions")
    assert len(reads) == 3
