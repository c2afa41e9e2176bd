"""What Home Assistant's integration for evcc does: a live connection merged into one object, and writes beside it."""

import json
import re
from email.utils import parsedate_to_datetime


def merged(data, message):
    """As it takes a frame: a key with dots has three parts, the second of which is an index."""
    for key, value in message.items():
        if "." not in key:
            data[key] = value
            continue
        domain, index, name = key.split(".")
        places = data.setdefault(domain, [])
        while len(places) <= int(index):
            places.append({})
        places[int(index)][name] = value
    return data


def test_its_mirror_of_the_house_stays_that_of_the_rest_api(caller):
    live = caller.live()
    data = merged({}, json.loads(live.recv()))
    assert data == caller.state()
    paths = ("loadpoints/1/mode/pv", "loadpoints/2/priority/4", "residualpower/100", "vehicles/golf/minsoc/30")
    for path in paths:
        assert caller.ask("POST", f"/api/{path}").status == 200
        merged(data, json.loads(live.recv()))
        assert data == caller.state()
    live.close()


def test_it_recognises_the_release_whose_shapes_we_speak(caller):
    """It compares the version as Python's packages are compared."""
    assert re.fullmatch(r"\d+\.\d+\.\d+", caller.state()["version"])


def test_its_writes_are_answered_with_the_result_and_nothing_beside_it(caller):
    for method, path, result in (
        ("POST", "loadpoints/1/limitsoc/80", 80),
        ("POST", "loadpoints/1/batteryboost/false", False),
        ("POST", "loadpoints/1/enable/delay/60", 60_000_000_000),
        ("POST", "loadpoints/1/mincurrent/0.125", 0.125),
        ("POST", "loadpoints/1/smartcostlimit/0.1", 0.1),
        ("DELETE", "loadpoints/1/smartcostlimit", None),
        ("PATCH", "loadpoints/1/vehicle", {}),
        ("DELETE", "loadpoints/1/vehicle", {}),
        ("POST", "batterydischargecontrol/true", True),
        ("DELETE", "vehicles/golf/plan/soc", {}),
    ):
        answer = caller.ask(method, f"/api/{path}")
        assert (answer.status, json.loads(answer.text)) == (200, {"result": result}), path
        assert int(answer.headers["Content-Length"]) == len(answer.text)


def test_its_repeating_plans_are_a_bare_list(caller):
    plans = [{"weekdays": [1, 2], "time": "07:00", "tz": "Europe/Berlin", "soc": 80, "active": True}]
    answer = caller.ask("POST", "/api/vehicles/golf/plan/repeating", json.dumps(plans), Content_Type="application/json")
    assert answer.status == 200
    assert json.loads(answer.text)["result"][0]["soc"] == 80


def test_its_sessions_and_tariffs(caller):
    assert json.loads(caller.ask("GET", "/api/sessions").text) == {"result": []}
    answer = caller.ask("GET", "/api/tariff/grid")
    assert answer.status in (200, 404)
    assert json.loads(answer.text).keys() <= {"result", "error"}
    assert caller.ask("GET", "/api/config/devices/vehicle").status == 404


def test_its_login(caller):
    """The status must be JSON, the cookie's end a date that it can read."""
    assert caller.ask("GET", "/api/auth/status").status == 501
    new = json.dumps({"current": "", "new": "sun"})
    assert caller.ask("PUT", "/api/auth/password", new, Content_Type="application/json").status == 201
    answer = caller.ask("GET", "/api/auth/status", Accept="*/*")
    assert (json.loads(answer.text), answer.headers["Content-Type"]) == (False, "application/json")
    said = caller.ask("POST", "/api/auth/login", '{"password": "sun"}', Content_Type="application/json")
    cookie = said.headers["Set-Cookie"]
    assert parsedate_to_datetime(re.search("Expires=([^;]+)", cookie)[1]).year >= 2026
    caller.headers = {"Cookie": cookie.partition(";")[0]}
    assert json.loads(caller.ask("GET", "/api/auth/status").text) is True
    assert caller.ask("POST", "/api/system/shutdown").status == 204
