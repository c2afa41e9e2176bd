from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from evcc_flask.control.stored import entries
from evcc_flask.domain.carmemory import CarMemory, Soc, SocSource
from evcc_flask.domain.decision import Decision, LoadpointDecision, SiteDecision
from evcc_flask.domain.memory import LoadpointMemory, Memory
from evcc_flask.domain.readings import CarReading
from evcc_flask.domain.vehicles import ManualSoc, Vehicle, VehicleSettings
from evcc_flask.domain.words import Contact, Mode

NOON = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)


def shown(house, number=1):
    return house.shown()["loadpoints"][number - 1]


def decided(house, soc=None, manual_at=None, **cars):
    """A cycle at noon, at 1000 s of the house."""
    memories = tuple(LoadpointMemory(car=CarMemory(manual_at=manual_at)) for _ in range(2))
    loadpoints = (LoadpointDecision(connected=True, soc=soc), LoadpointDecision())
    decision = Decision((), Memory(decided_s=1000.0, loadpoints=memories), SiteDecision(), loadpoints)
    view = house.state.view
    snapshot = replace(view.snapshot, cars=cars)
    house.state.show(replace(view, snapshot=snapshot, decision=decision, decided_at=NOON))


def test_a_persons_word_is_shown_at_once_and_kept(client, house):
    client.post("/api/loadpoints/1/vehicle/golf")
    assert client.post("/api/vehicles/golf/soc/42.5").json == {"result": {"soc": 42.5}}
    keys = {name: shown(house)[f"vehicleSoc{name}"] for name in ("", "Source", "Time", "Stale")}
    assert keys == {"": 42.5, "Source": "manual", "Time": "2026-05-04T12:00:00+00:00", "Stale": False}
    assert house.after_restart().loadpoints[0].manual_soc == ManualSoc(42.5, NOON)
    assert client.delete("/api/vehicles/golf/soc").json == {"result": {}}
    assert shown(house)["vehicleSocSource"] is None
    assert house.after_restart().loadpoints[0].manual_soc is None


def test_a_car_that_stands_nowhere_has_no_soc_by_hand(client):
    answer = client.post("/api/vehicles/golf/soc/50")
    assert answer.status_code == 400
    assert "golf stands at no loadpoint" in answer.json["error"]
    assert client.post("/api/vehicles/nobody/soc/50").status_code == 404


def test_a_guests_battery_is_told_with_its_capacity(client, house):
    assert client.post("/api/loadpoints/2/soc/30?capacity=52").json == {"result": 30}
    assert house.loadpoint(2).manual_soc == ManualSoc(30, NOON, 52.0)
    assert client.delete("/api/loadpoints/2/soc").json == {"result": {}}
    assert house.loadpoint(2).manual_soc is None


def test_a_car_without_a_configured_capacity_is_told_with_one(client, house):
    client.post("/api/loadpoints/1/vehicle/bike")
    assert client.post("/api/vehicles/bike/soc/30?capacity=5.5").json == {"result": {"soc": 30}}
    assert house.loadpoint(1).manual_soc == ManualSoc(30, NOON, 5.5)


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("1/soc/101", 400),
        ("1/soc/30?capacity=-1", 400),
        ("1/soc/30?capacity=1e9", 400),
        ("1/soc/x", 404),
        ("7/soc/3", 404),
    ],
)
def test_nonsense_is_refused_and_changes_nothing(client, house, path, status):
    before = house.state.settings
    assert client.post(f"/api/loadpoints/{path}").status_code == status
    assert house.state.settings == before


def test_a_person_who_chooses_a_car_or_a_guest_ends_the_search(client, house):
    client.patch("/api/loadpoints/1/vehicle")
    assert (house.loadpoint(1).detect_at, house.loadpoint(1).chosen) == (NOON, False)
    client.post("/api/loadpoints/1/vehicle/golf")
    assert (house.loadpoint(1).detect_at, house.loadpoint(1).chosen) == (None, True)
    client.patch("/api/loadpoints/1/vehicle")
    assert house.loadpoint(1).vehicle is None
    client.delete("/api/loadpoints/1/vehicle")
    assert (house.loadpoint(1).vehicle, house.loadpoint(1).chosen) == (None, True)
    assert house.after_restart().loadpoints[0].chosen


def test_a_car_brings_its_mode_when_it_comes_and_not_when_it_stays(client, house):
    golf = VehicleSettings(Vehicle("golf", mode=Mode.NOW))
    house.state._settings = replace(house.state.settings, vehicles={**house.state.settings.vehicles, "golf": golf})
    client.post("/api/loadpoints/1/vehicle/golf")
    assert shown(house)["mode"] == "now"
    client.post("/api/loadpoints/1/mode/pv")
    client.post("/api/loadpoints/1/vehicle/golf")
    assert shown(house)["mode"] == "pv"


def test_the_car_that_moves_takes_no_soc_by_hand_along(client, house):
    client.post("/api/loadpoints/1/vehicle/golf")
    client.post("/api/vehicles/golf/soc/42")
    client.post("/api/loadpoints/2/vehicle/golf")
    assert (house.loadpoint(1).manual_soc, house.loadpoint(2).manual_soc) == (None, None)


@pytest.mark.parametrize(("source", "trusted"), [(SocSource.CAR, True), (SocSource.ESTIMATE, False)])
def test_the_soc_is_shown_with_its_source_and_time(house, source, trusted):
    decided(house, Soc(55.04, source, 400.0, trusted=trusted))
    keys = {name: shown(house)[f"vehicleSoc{name}"] for name in ("", "Source", "Time", "Stale")}
    assert keys == {"": 55, "Source": source.value, "Time": "2026-05-04T11:50:00+00:00", "Stale": not trusted}


def test_a_second_word_is_shown_before_the_next_cycle(client, house):
    house.state.tell_soc(0, ManualSoc(42.0, NOON - timedelta(minutes=5)))
    decided(house, Soc(43.0, SocSource.MANUAL, 700.0), manual_at=NOON - timedelta(minutes=5))
    assert shown(house)["vehicleSoc"] == 43
    client.post("/api/loadpoints/1/soc/60")
    assert shown(house)["vehicleSoc"] == 60
    client.delete("/api/loadpoints/1/soc")
    assert shown(house)["vehicleSoc"] == 0


def test_what_a_cars_account_said_is_shown_wherever_the_car_is(house):
    golf = CarReading("golf", Contact.ASLEEP, at_s=940.0, soc_percent=61.0, error="asleep, says the account")
    decided(house, golf=golf, bike=CarReading("bike"))
    car = house.shown()["vehicles"]["golf"]
    assert (car["contact"], car["soc"], car["socTime"]) == ("asleep", 61, "2026-05-04T11:59:00+00:00")
    assert car["error"] == "asleep, says the account"
    assert "contact" not in house.shown()["vehicles"]["bike"]


def test_an_account_that_was_never_asked_has_no_error(house):
    decided(house, golf=CarReading("golf", Contact.UNREAD, error="not read yet"))
    assert "error" not in house.shown()["vehicles"]["golf"]


def test_a_damaged_row_of_a_soc_is_as_if_it_were_not_there(house):
    house.state.tell_soc(0, ManualSoc(42.0, NOON))
    rows = entries(house.state.settings)
    for damage in (
        {"soc": 400},
        {"time": "yesterday"},
        {"time": "2026-05-04T12:00:00"},
        {"capacity": "big"},
        {"soc": None},
    ):
        house.database.save({"lp1.manualSoc": rows["lp1.manualSoc"] | damage}).wait(5)
        assert house.after_restart().loadpoints[0].manual_soc is None
