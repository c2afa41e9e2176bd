import pytest

from evcc_flask.domain.settings import ExternalBatteryMode
from evcc_flask.domain.words import BatteryMode, Mode

LOADPOINT = [
    ("mode/pv", "pv", "mode", Mode.PV),
    ("mincurrent/7.5", 7.5, "min_current_a", 7.5),
    ("mincurrent/0.125", 0.125, "min_current_a", 0.125),
    ("maxcurrent/32", 32, "max_current_a", 32.0),
    ("maxcurrent/1.6e1", 16, "max_current_a", 16.0),
    ("phases/3", 3, "phases", 3),
    ("phases/0", 0, "phases", 0),
    ("limitenergy/12.5", 12.5, "limit_energy_kwh", 12.5),
    ("limitsoc/80", 80, "limit_soc_percent", 80),
    ("limitsoc/79.6", 80, "limit_soc_percent", 80),
    ("limitsoc/5e-324", 0, "limit_soc_percent", 0),
    ("priority/2", 2, "priority", 2),
]
SITE = [
    ("prioritysoc/20", 20, "priority_soc_percent", 20.0),
    ("buffersoc/60.5", 60.5, "buffer_soc_percent", 60.5),
    ("bufferstartsoc/100", 100, "buffer_start_soc_percent", 100.0),
    ("residualpower/100", 100, "residual_power_w", 100.0),
    ("residualpower/-250.5", -250.5, "residual_power_w", -250.5),
    ("batterydischargecontrol/true", True, "battery_discharge_control", True),
    ("batterydischargecontrol/0", False, "battery_discharge_control", False),
]


@pytest.mark.parametrize(("path", "result", "name", "value"), LOADPOINT)
def test_a_loadpoint_setting_is_answered_and_in_force(client, house, path, result, name, value):
    answer = client.post(f"/api/loadpoints/1/{path}")
    assert (answer.status_code, answer.json) == (200, {"result": result})
    assert answer.content_type == "application/json; charset=UTF-8"
    assert answer.data.endswith(b"}\n")
    assert getattr(house.loadpoint(1), name) == value
    assert house.state.woken.is_set()


@pytest.mark.parametrize(("path", "result", "name", "value"), SITE)
def test_a_setting_of_the_house_is_answered_and_in_force(client, house, path, result, name, value):
    answer = client.post(f"/api/{path}")
    assert (answer.status_code, answer.json) == (200, {"result": result})
    assert getattr(house.state.settings, name) == value


def test_a_setting_is_in_the_state_and_on_disk_when_it_is_answered(client, house):
    client.post("/api/loadpoints/2/mode/now")
    assert client.get("/api/state").json["result"]["loadpoints"][1]["mode"] == "now"
    assert house.database.settings()["lp2.mode"] == "now"


def test_whole_numbers_have_no_point(client):
    assert client.post("/api/loadpoints/1/maxcurrent/16").data == b'{"result":16}\n'


@pytest.mark.parametrize("word", ["enable", "disable"])
def test_threshold_and_delay_leave_each_other_alone(client, house, word):
    assert client.post(f"/api/loadpoints/1/{word}/threshold/-1200").json == {"result": -1200}
    assert client.post(f"/api/loadpoints/1/{word}/delay/90").json == {"result": 90_000_000_000}
    threshold = getattr(house.loadpoint(1), word)
    assert (threshold.power_w, threshold.delay_s) == (-1200.0, 90)
    assert client.get("/api/state").json["result"]["loadpoints"][0][f"{word}Delay"] == 90


def test_a_delay_is_a_day_at_most(client, house):
    assert client.post("/api/loadpoints/1/enable/delay/86400").json == {"result": 86_400 * 10**9}
    for seconds in ("86401", "1000000000", "9999999999"):
        refused = client.post(f"/api/loadpoints/1/enable/delay/{seconds}")
        assert refused.status_code == 400
        assert "at most 86400 is possible" in refused.json["error"]
    assert house.loadpoint(1).enable.delay_s == 86_400


def test_boost_needs_a_solar_mode_and_ends_with_it(client, house):
    refused = client.post("/api/loadpoints/1/batteryboost/1")
    assert (refused.status_code, refused.json) == (400, {"error": "battery boost is only available in PV modes"})
    client.post("/api/loadpoints/1/mode/minpv")
    assert client.post("/api/loadpoints/1/batteryboost/t").json == {"result": True}
    client.post("/api/loadpoints/1/mode/now")
    assert house.loadpoint(1).boost is False


def test_an_external_battery_mode_carries_its_time_and_is_taken_back(client, house):
    assert client.post("/api/batterymode/hold").json == {"result": 2}
    assert house.state.settings.external_battery_mode == ExternalBatteryMode(BatteryMode.HOLD, 1000.0)
    assert client.get("/api/state").json["result"]["batteryModeExternal"] == "hold"
    assert client.delete("/api/batterymode").json == {"result": 0}
    assert house.state.settings.external_battery_mode is None


def test_the_unknown_battery_mode_gives_control_back(client, house):
    client.post("/api/batterymode/charge")
    assert client.post("/api/batterymode/unknown").json == {"result": 0}
    assert house.state.settings.external_battery_mode is None


REFUSED = [
    "loadpoints/1/mode/foo",
    "loadpoints/1/phases/2",
    "loadpoints/1/phases/03",
    "loadpoints/2/phases/0",
    "loadpoints/2/phases/3",
    "loadpoints/1/mincurrent/17",
    "loadpoints/1/maxcurrent/5",
    "loadpoints/1/maxcurrent/-1",
    "loadpoints/1/maxcurrent/1.2.3",
    "loadpoints/1/maxcurrent/1e999",
    "loadpoints/1/limitsoc/101",
    "loadpoints/1/limitsoc/-2e16",
    "loadpoints/1/limitenergy/-0.1",
    "loadpoints/1/enable/delay/-1",
    "loadpoints/1/enable/delay/1.5",
    "loadpoints/1/priority/-1",
    "loadpoints/1/priority/99999999999999999999",
    "loadpoints/1/batteryboost/tru",
    "batterymode/foo",
    "batterydischargecontrol/tru",
    "prioritysoc/100.5",
    "bufferstartsoc/10",
]


@pytest.mark.parametrize("path", REFUSED)
def test_a_refused_setting_says_why_and_changes_nothing(client, house, path):
    client.post("/api/buffersoc/50")
    before = house.state.settings
    answer = client.post(f"/api/{path}")
    assert answer.status_code == 400
    assert list(answer.json) == ["error"]
    assert answer.json["error"]
    assert house.state.settings == before


NO_PATH = [
    "loadpoints/0/mode/pv",
    "loadpoints/3/mode/pv",
    "loadpoints/01/mode/pv",
    "loadpoints/-1/mode/pv",
    "loadpoints/x/mode/pv",
    "loadpoints/99999999999999999999/mode/pv",
    "loadpoints/1/mode/PV",
    "loadpoints/1/mode/pv%0A",
    "loadpoints/1/mode/",
    "loadpoints/1/maxcurrent/abc",
    "loadpoints/1/maxcurrent/nan",
    "loadpoints/1/maxcurrent/inf",
    "loadpoints/1/maxcurrent/16%0A",
    "loadpoints/1/maxcurrent/١٦",
    "loadpoints//mode/pv",
    "loadpoints/1/enable/threshold",
    "batterydischargecontrol/yes",
    "nothing",
]


@pytest.mark.parametrize("path", NO_PATH)
def test_what_is_no_path_is_answered_as_the_router_does(client, path):
    answer = client.post(f"/api/{path}")
    assert (answer.status_code, answer.data) == (404, b"404 page not found\n")
    assert answer.content_type == "text/plain; charset=utf-8"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_a_mode_for_a_battery_that_takes_none_is_answered_with_the_mode_as_it_stays(client, house):
    house.without_battery()
    answer = client.post("/api/batterymode/hold")
    assert (answer.status_code, answer.json) == (200, {"result": 0})
    assert house.state.settings.external_battery_mode is None


@pytest.mark.parametrize("path", ["prioritysoc/50", "batterydischargecontrol/true"])
def test_without_a_battery_its_settings_are_refused(client, house, path):
    house.without_battery()
    assert client.post(f"/api/{path}").status_code == 400


def test_giving_back_a_battery_that_is_not_there_is_no_error(client, house):
    house.without_battery()
    assert client.delete("/api/batterymode").json == {"result": 0}


def test_the_wrong_method_is_told_the_right_one(client):
    answer = client.get("/api/loadpoints/1/mode/pv")
    assert answer.status_code == 405
    assert "POST" in answer.headers["Allow"]
    assert list(answer.json) == ["error"]


def test_a_stray_body_is_ignored(client):
    answer = client.post("/api/loadpoints/1/mode/pv", data="no json", content_type="application/json")
    assert answer.json == {"result": "pv"}


def test_a_huge_body_is_refused_before_it_is_read(client, house):
    answer = client.post("/api/loadpoints/1/mode/pv", data=b"x" * (1 << 20 | 1))
    assert answer.status_code == 413
    assert list(answer.json) == ["error"]
    assert house.loadpoint(1).mode is Mode.OFF


def test_a_fault_of_ours_is_json_and_tells_no_secrets(client, house, monkeypatch):
    def broken(**changes):
        raise RuntimeError("secret")

    monkeypatch.setattr(house.state, "change_site", broken)
    answer = client.post("/api/residualpower/1")
    assert answer.status_code == 500
    assert "secret" not in answer.text
    assert list(answer.json) == ["error"]


def test_health_is_plain_text(client):
    answer = client.get("/api/health")
    assert (answer.status_code, answer.data) == (200, b"OK\n")
    assert answer.content_type == "text/plain; charset=utf-8"


def test_bad_health_says_why(client, house):
    house.verdict.ok, house.verdict.reason = False, "no decision for 99 s"
    answer = client.get("/api/health")
    assert (answer.status_code, answer.data) == (500, b"no decision for 99 s\n")


def test_who_restarts_us_is_told_only_whether_the_loop_decides(client, house):
    house.verdict.ok, house.verdict.reason = False, "the grid meter does not answer"
    assert client.get("/api/health?alive").data == b"OK\n"
    house.verdict.alive = False
    assert client.get("/api/health?alive").status_code == 500
