"""Widgets and displays: one filter, one value; never wrapped."""

import base64
import json
from urllib.parse import quote

import pytest

GARMIN = "{result: {title: .siteTitle, lps: [.loadpoints[] | {mode, charging, chargePower}]}}"
DISPLAY = (
    "[.loadpoints[] | select(.connected or true) | {t: .title, p: (.chargePower // 0), s: (.vehicleSoc // 0)}]"
    " | map(.p |= floor)"
)
ROUNDED = 'walk(if type == "number" then round else . end) | {residualPower, n: (.loadpoints | length)}'
FREQUENT = (
    "{loadpoints:.loadpoints,auxPower:.auxPower,batteryPower:.batteryPower,homePower:.homePower,vehicles:.vehicles}"
)


def picked(reader, words, **headers):
    answer = reader.ask("GET", f"/api/state?jq={quote(words)}", **headers)
    assert answer.status == 200, answer.text
    return json.loads(answer.text)


@pytest.mark.parametrize(
    ("words", "value"),
    [
        (".siteTitle", "Home"),
        (".result.siteTitle", "Home"),
        (".loadpoints[1].title", "Garage"),
        (".loadpoints | length", 2),
        (".loadpoints[7]", None),
        (".forecast.co2", None),
        (".statistics.total.chargedKWh // 0", 0),
        (GARMIN, {"result": {"title": "Home", "lps": [{"mode": "off", "charging": False, "chargePower": 0}] * 2}}),
        (DISPLAY, [{"t": "Carport", "p": 0, "s": 0}, {"t": "Garage", "p": 0, "s": 0}]),
        (ROUNDED, {"residualPower": 0, "n": 2}),
    ],
)
def test_a_filter_picks(reader, words, value):
    assert picked(reader, words) == value


def test_filters_of_pollers_are_the_state(reader):
    state = reader.state()
    assert picked(reader, ".loadpoints") == state["loadpoints"]
    assert picked(reader, FREQUENT)["vehicles"] == state["vehicles"]


def test_a_name_and_password_in_the_header_are_passed_over(reader):
    word = base64.b64encode(b"admin:sun").decode()
    assert picked(reader, ".siteTitle", Authorization=f"Basic {word}") == "Home"


def test_a_battery_is_told_to_hold_again_and_again_and_then_no_more(reader):
    for mode, number in (("hold", 2), ("hold", 2), ("charge", 3), ("normal", 1)):
        assert json.loads(reader.ask("POST", f"/api/batterymode/{mode}").text) == {"result": number}
    assert json.loads(reader.ask("DELETE", "/api/batterymode").text) == {"result": 0}


def test_a_poller_is_told_that_nothing_changed(reader):
    etag = reader.ask("GET", "/api/state").headers["ETag"]
    answer = reader.ask("GET", "/api/state", If_None_Match=etag)
    assert (answer.status, answer.text) == (304, "")
