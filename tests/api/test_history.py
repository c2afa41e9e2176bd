from datetime import UTC, datetime

import pytest

from evcc_flask.domain.quarters import Charged, Quarter, quarter_of

NOON = quarter_of(datetime(2026, 5, 4, 12, 0, tzinfo=UTC))


@pytest.fixture
def lived(house):
    """Two days until noon, a car in the last hour."""
    parts = {number: Quarter(number, 900.0, 0.1, home_kwh=0.1, grid_price=0.3) for number in range(NOON - 2 * 96, NOON)}
    for number in range(NOON - 4, NOON):
        parts[number] = parts[number].plus(Quarter(number, points={"Carport": Charged(2.0, 0.5)}))
    assert house.database.save_sessions((), {}, parts).wait(5.0) is None


def asked(client, **query):
    answer = client.get("/api/history", query_string=query)
    assert answer.status_code == 200, answer.json
    return answer.json["result"]


def test_a_new_house_has_an_empty_history(client):
    history = asked(client)
    assert history["spans"] == []
    assert history["since"] is None
    assert history["loadpoints"] == []


@pytest.mark.usefixtures("lived")
def test_unless_told_else_the_quarters_of_today_are_told(client):
    history = asked(client)
    assert history["resolution"] == "15m"
    first, last = history["spans"][0], history["spans"][-1]
    assert datetime.fromisoformat(first["start"]) == datetime.fromisoformat(history["from"])
    assert last["loadpoints"] == [{"title": "Carport", "energy": 2.0, "solar": 0.5, "cost": 0.45, "co2": None}]
    assert history["loadpoints"] == ["Carport"]


@pytest.mark.usefixtures("lived")
@pytest.mark.parametrize(("resolution", "count"), [("hour", 48), ("day", 3), ("month", 1), ("year", 1)])
def test_spans_are_as_long_as_they_were_asked_for(client, resolution, count):
    history = asked(client, **{"from": "2026-01-01", "to": "2027-01-01"}, resolution=resolution)
    assert len(history["spans"]) == count
    assert sum(span["gridImport"] for span in history["spans"]) == pytest.approx(19.2)
    assert sum(span["importCost"] for span in history["spans"]) == pytest.approx(5.76)


@pytest.mark.usefixtures("lived")
def test_a_span_is_a_whole_one_though_the_house_is_young(client):
    (month,) = asked(client, **{"from": "2026-01-01"}, resolution="month")["spans"]
    assert (month["start"][:10], month["end"][:10]) == ("2026-05-01", "2026-05-04")
    (year,) = asked(client, resolution="year", to="2027-01-01")["spans"]
    assert (year["start"][:10], year["end"][:10]) == ("2026-01-01", "2027-01-01")


@pytest.mark.usefixtures("lived")
def test_a_long_answer_is_whole(client):
    answer = client.get("/api/history?from=2026-05-01&to=2026-05-05")
    assert len(answer.json["result"]["spans"]) == 192
    bare = client.get("/bare/api/history?from=2026-05-01&to=2026-05-05")
    assert bare.json["spans"] == answer.json["result"]["spans"]


@pytest.mark.usefixtures("lived")
def test_a_table_has_columns_for_each_loadpoint(client):
    answer = client.get("/api/history?from=2026-05-04&to=2026-05-05&resolution=day&format=csv&lang=de")
    assert answer.headers["Content-Disposition"] == "attachment; filename=history-2026-05-04-day.csv"
    head, line = answer.get_data(as_text=True).removeprefix("\ufeff").splitlines()
    row = dict(zip(head.split(";"), line.split(";"), strict=True))
    assert row["Carport (kWh)"] == "8"
    assert row["Carport (Sonne, kWh)"] == "2"
    assert row["Netzpreis/kWh"] == "0,3"


@pytest.mark.usefixtures("lived")
@pytest.mark.parametrize(
    "query",
    [
        "from=2026-05-05&to=2026-05-04",
        "from=tomorrow",
        "resolution=week",
        "format=xml",
        "from=9999-99-99",
    ],
)
def test_what_makes_no_sense_is_refused(client, query):
    answer = client.get(f"/api/history?{query}")
    assert answer.status_code in (400, 422), answer.data
    assert answer.json["error"]


@pytest.mark.usefixtures("lived")
@pytest.mark.parametrize(
    "query", ["from=0001-01-01&to=9999-12-31&resolution=day", "from=1900-01-01", "to=2020-01-01", "to=0001-01-01"]
)
def test_the_ends_of_the_calendar_are_no_trouble(client, query):
    assert client.get(f"/api/history?{query}").status_code == 200


def test_too_many_spans_are_refused_before_they_are_read(client, house):
    far = {number: Quarter(number, 900.0, 0.1) for number in (NOON - 3 * 35_040, NOON)}
    assert house.database.save_sessions((), {}, far).wait(5.0) is None
    answer = client.get("/api/history?from=2000-01-01&resolution=15m")
    assert answer.status_code == 400
    assert "40000" in answer.json["error"]
