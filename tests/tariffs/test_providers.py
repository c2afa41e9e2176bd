"""Every provider of the library against an answer in its own form, over HTTP."""

import json
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import yaml

from evcc_flask.bus.needs import ReadError
from evcc_flask.domain.issues import Misconfigured
from evcc_flask.domain.rates import Usage
from evcc_flask.tariffs.library import rows
from evcc_flask.tariffs.web import web

FIXTURES = Path(__file__).parents[1] / "fixtures" / "tariffs"
PROVEN = sorted(path.stem for path in FIXTURES.glob("*.yaml"))


class Wire:
    def traffic(self, sent=0, received=0):
        pass


def fixture(name):
    return yaml.safe_load((FIXTURES / f"{name}.yaml").read_text("utf-8"))


def feed(name, provider, workshop, case, params=None):
    """The provider's feed, asking ``provider`` for what stands behind each https://."""
    row = json.loads(json.dumps(rows()[name]).replace("https://", f"{provider.uri}/"))
    given = {key: str(value).replace("https://", f"{provider.uri}/") for key, value in case["params"].items()}
    return web(
        Usage(case["usage"]), f"tariff {name}", row, name, given | (params or {}), workshop, ZoneInfo(case["zone"])
    )


def answering(case):
    left = list(case["answers"])

    def answer(asked):
        expected = left.pop(0)
        assert asked.path == expected["path"]
        assert asked.method == expected.get("method", "GET")
        assert expected.get("sent", "") in asked.body
        assert asked.headers.get("Authorization") == expected.get("authorization")
        if "header" in expected:
            name, value = expected["header"]
            assert {key.title(): each for key, each in asked.headers.items()}[name] == value
        return expected.get("status", 200), expected["body"]

    return answer


def fetched(name, provider, workshop, params=None):
    case = fixture(name)
    failures, answer = [], answering(case)

    def careful(asked):
        try:
            return answer(asked)
        except (AssertionError, IndexError) as error:
            failures.append(error)
            return 500, ""

    provider.answer = careful
    try:
        rates = feed(name, provider, workshop, case, params).fetch(Wire(), case["now"])
    except ReadError as error:
        raise failures[0] if failures else error from None
    return case, rates


def values(rates):
    return {rate.start.isoformat(): rate.value for rate in rates}


@pytest.mark.parametrize("name", PROVEN)
def test_a_provider_s_answer_becomes_quarters_in_local_time(name, provider, workshop):
    case, rates = fetched(name, provider, workshop)
    found = values(rates)
    assert {at: round(found[at], 2 if abs(value) > 50 else 9) for at, value in case["expect"].items()} == case["expect"]
    assert all((rate.end - rate.start).total_seconds() == 900 for rate in rates)
    assert len(rates) == case.get("count", len(rates))
    for day, energy_wh in case.get("energy_wh", {}).items():
        assert sum(rate.value / 4 for rate in rates if rate.start.date() == day) == pytest.approx(energy_wh, rel=0.01)


@pytest.mark.parametrize("name", sorted(rows()))
def test_a_row_says_how_well_it_is_proven(name):
    assert (rows()[name]["proof"] != "unproven") == (name in PROVEN)
    captured = name in PROVEN and fixture(name)["source"].startswith("an answer")
    assert (rows()[name]["proof"] == "capture") == captured


def test_tibber_s_net_price_is_the_base_of_own_charges(provider, workshop):
    case, rates = fetched("tibber", provider, workshop, fixture("tibber")["net"])
    assert {at: round(values(rates)[at], 9) for at in case["expect_net"]} == case["expect_net"]


def test_an_average_makes_quarters_to_hours(provider, workshop):
    _, rates = fetched("energy-charts", provider, workshop, {"average": True})
    assert values(rates)["2026-07-01T00:15:00+02:00"] == pytest.approx((0.16442 + 0.15 + 0.12058) / 3)


def test_a_refusal_says_why_and_keeps_the_key_to_itself(provider, workshop):
    provider.answer = lambda asked: (403, "")
    with pytest.raises(ReadError, match="answered 403") as failure:
        feed("entsoe", provider, workshop, fixture("entsoe")).fetch(Wire(), datetime.now().astimezone())
    assert "00000000-0000" not in str(failure.value)


def test_an_answer_without_sense_is_an_error(provider, workshop):
    for body in ("", "[]", "{}", "<html>", '{"data": [{"start_timestamp": "x"}]}', '{"data": 1e999}'):
        provider.answer = lambda asked, body=body: (200, body)
        with pytest.raises(ReadError):
            feed("awattar", provider, workshop, fixture("awattar")).fetch(Wire(), datetime.now().astimezone())


def test_a_refused_query_of_tibber_is_told_in_its_words(provider, workshop):
    provider.answer = lambda asked: (200, '{"errors": [{"message": "invalid token"}], "data": null}')
    with pytest.raises(ReadError, match="invalid token"):
        feed("tibber", provider, workshop, fixture("tibber")).fetch(Wire(), datetime.now().astimezone())


def test_what_a_user_writes_is_never_read_as_a_program(provider, workshop):
    home = '") | error("taken over") | ("'
    provider.answer = lambda asked: (200, fixture("tibber")["answers"][0]["body"])
    case = fixture("tibber") | {"params": {"token": 'a"b', "homeid": home}}
    with pytest.raises(ReadError) as failure:
        feed("tibber", provider, workshop, case).fetch(Wire(), case["now"])
    assert "taken over" not in str(failure.value)


def test_solcast_rests_outside_of_its_hours(provider, workshop):
    case = fixture("solcast")
    asked_by_day = feed("solcast", provider, workshop, case, {"from": 6, "to": 20})
    assert asked_by_day.rests(datetime(2026, 7, 9, 23, tzinfo=ZoneInfo("Europe/Berlin")))
    assert not asked_by_day.rests(datetime(2026, 7, 9, 7, tzinfo=ZoneInfo("Europe/Berlin")))
    assert not feed("solcast", provider, workshop, case).rests(
        datetime(2026, 7, 9, 23, tzinfo=ZoneInfo("Europe/Berlin"))
    )


def test_a_provider_of_prices_is_no_provider_of_sun(provider, workshop):
    with pytest.raises(ExceptionGroup) as failure:
        feed("solcast", provider, workshop, fixture("solcast") | {"usage": "grid"})
    assert [str(each) for each in failure.value.exceptions if isinstance(each, Misconfigured)] == [
        "solcast tells nothing for grid"
    ]
