"""Tariffs of plugins, over HTTP and from JavaScript, built from a configuration as a user writes it."""

import json
import threading
from datetime import UTC, datetime, timedelta

import pytest

from evcc_flask.clock import SystemClock
from evcc_flask.config.load import load
from evcc_flask.construction import build_house
from evcc_flask.domain.rates import TariffKind, Usage, at


@pytest.fixture
def built(tmp_path):
    houses = []

    def build(text):
        file = tmp_path / "evcc.yaml"
        file.write_text(text, "utf-8")
        house = build_house(load(file, {}), SystemClock())
        houses.append(house)
        house.tariffs.start()
        return house

    yield build
    for house in houses:
        house.tariffs.close()
        house.field.close()


def known(house, usage, timeout_s=10.0):
    """The rates of ``usage`` once there are any."""
    pause, until_s = threading.Event(), SystemClock().wire_s() + timeout_s
    while SystemClock().wire_s() < until_s:
        if rates := house.tariffs.outlook().rates(usage):
            return rates
        pause.wait(0.01)
    return None


def tariff_issues(house):
    return [str(issue) for issue in house.issues if issue.kind == "tariff"]


def hourly(*values):
    start = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    hour = timedelta(hours=1)
    return json.dumps([
        {"start": (start + n * hour).isoformat(), "end": (start + (n + 1) * hour).isoformat(), "value": value}
        for n, value in enumerate(values)
    ])  # fmt: skip


def test_a_forecast_over_http(built, provider):
    provider.answer = lambda asked: (200, hourly(0.1, 0.2, -0.05))
    house = built(f"""
tariffs:
  currency: CHF
  grid:
    type: custom
    forecast: {{source: http, uri: "{provider.uri}/prices"}}
    charges: 0.1
""")
    rates = known(house, Usage.GRID)
    assert [round(rate.value, 9) for rate in rates] == [0.2] * 4 + [0.3] * 4 + [0.05] * 4
    outlook = house.tariffs.outlook()
    assert (outlook.currency, outlook.kind(Usage.GRID), outlook.kind(Usage.PLANNER)) == (
        "CHF",
        TariffKind.FORECAST,
        TariffKind.FORECAST,
    )
    assert house.house.snapshot((), datetime.now().astimezone()).rates.planner == pytest.approx(0.2)
    assert house.house.snapshot((), None).rates.planner is None


def test_a_price_of_now_is_repeated_over_48_hours(built, provider):
    provider.answer = lambda asked: (200, '{"price": 12.5}')
    house = built(f"""
tariffs:
  grid:
    type: custom
    price: {{source: http, uri: "{provider.uri}", jq: .price, scale: 0.01}}
""")
    rates = known(house, Usage.GRID)
    assert len(rates) == 192
    assert {rate.value for rate in rates} == {0.125}
    assert house.tariffs.outlook().kind(Usage.GRID) is TariffKind.DYNAMIC


def test_a_forecast_of_javascript(built):
    house = built("""
tariffs:
  co2:
    type: custom
    tariff: co2
    forecast:
      source: js
      script: |
        var start = new Date(Math.floor(Date.now() / 3600000) * 3600000);
        var end = new Date(start.getTime() + 7200000);
        JSON.stringify([{start: start.toISOString(), end: end.toISOString(), value: 300}])
""")
    assert [rate.value for rate in known(house, Usage.CO2)] == [300] * 8
    assert house.tariffs.outlook().kind(Usage.PLANNER) is TariffKind.CO2


def spread(rates):
    values = [rate.value for rate in rates]
    return pytest.approx(min(values)), pytest.approx(max(values))


def test_evcc_s_demo_templates_need_no_network(built):
    house = built("""
tariffs:
  grid: {type: template, template: demo-dynamic-grid, min: 0.2, max: 0.4, charges: 0.1}
  co2: {type: template, template: demo-co2-forecast}
  solar: {type: template, template: demo-solar-forecast, kwp: 10, sunrise: 8, sunset: 16}
""")
    outlook = house.tariffs.outlook()
    assert {usage: outlook.kind(usage) for usage in (Usage.GRID, Usage.CO2, Usage.SOLAR, Usage.PLANNER)} == {
        Usage.GRID: TariffKind.FORECAST,
        Usage.CO2: TariffKind.CO2,
        Usage.SOLAR: TariffKind.SOLAR,
        Usage.PLANNER: TariffKind.FORECAST,
    }
    assert all(len(outlook.rates(usage)) >= 280 for usage in (Usage.GRID, Usage.CO2, Usage.SOLAR))
    assert spread(outlook.rates(Usage.GRID)) == (0.3, 0.5)
    assert spread(outlook.rates(Usage.CO2)) == (210, 490)
    assert max(rate.value for rate in outlook.rates(Usage.SOLAR)) == pytest.approx(9000, rel=0.02)
    assert house.issues == ()


def test_a_rate_without_an_end_is_told_for_eight_days(built, provider):
    start = datetime.now(UTC) - timedelta(days=400)
    provider.answer = lambda asked: (
        200,
        json.dumps([{"start": start.isoformat(), "end": "9999-01-01T00:00:00Z", "value": 1}]),
    )
    rates = known(
        built(f"""
tariffs:
  grid: {{type: custom, forecast: {{source: http, uri: "{provider.uri}"}}}}
"""),
        Usage.GRID,
    )
    assert timedelta(days=7) < rates[-1].end - datetime.now(UTC) <= timedelta(days=8)
    assert len(rates) < 900


def test_two_roofs_are_added(built, provider):
    provider.answer = lambda asked: (200, hourly(1000, 1000) if asked.path == "/east" else hourly(500, 500))
    house = built(f"""
tariffs:
  solar:
    - type: custom
      forecast: {{source: http, uri: "{provider.uri}/east"}}
    - type: custom
      forecast: {{source: http, uri: "{provider.uri}/west"}}
""")
    rates = known(house, Usage.SOLAR)
    assert {rate.value for rate in rates} == {1500}
    assert house.tariffs.outlook().kind(Usage.SOLAR) is TariffKind.SOLAR


def test_a_failed_source_is_not_asked_again_by_its_link(built, provider):
    provider.answer = lambda asked: (500, "")
    house = built(f"""
tariffs:
  grid: {{type: custom, forecast: {{source: http, uri: "{provider.uri}"}}}}
""")
    pause, until_s = threading.Event(), SystemClock().wire_s() + 10
    while not house.tariffs.outlook().issues and SystemClock().wire_s() < until_s:
        pause.wait(0.01)
    assert "answered 500" in str(house.tariffs.outlook().issues[0])
    pause.wait(2.5)
    assert len(provider.asked) == 1


@pytest.mark.parametrize(
    "answer", ["", "x", "{}", "[1]", '[{"start": "now", "value": 1}]', '[{"start": "2026-01-01T00:00:00", "value": 1}]',
               '[{"start": "2026-01-01T00:00:00Z", "value": "much"}]', "[" * 5000, '[{"start": 1e300, "value": 1}]']
)  # fmt: skip
def test_a_forecast_that_makes_no_sense_is_an_issue(built, provider, answer):
    provider.answer = lambda asked: (200, answer)
    house = built(f"""
tariffs:
  grid: {{type: custom, forecast: {{source: http, uri: "{provider.uri}"}}}}
""")
    pause, until_s = threading.Event(), SystemClock().wire_s() + 10
    while not house.tariffs.outlook().issues and SystemClock().wire_s() < until_s:
        pause.wait(0.01)
    assert house.tariffs.outlook().issues


@pytest.mark.parametrize(
    "nonsense",
    [
        {"value": "abc"}, {"value": 1e300}, {"value": "NaN"}, {"start": "soon"}, {"start": 1e300}, {"start": None},
        {"end": "2001-01-01T00:00:00Z"}, {"end": "later"}, {"start": "2026-01-01T00:00:00"},
    ],
)  # fmt: skip
def test_one_bad_slot_leaves_the_others(built, provider, nonsense):
    slots = json.loads(hourly(0.1, 0.2, 0.3))
    slots[1] |= nonsense
    provider.answer = lambda asked: (200, json.dumps([*slots, "x"]))
    house = built(f"""
tariffs:
  grid: {{type: custom, forecast: {{source: http, uri: "{provider.uri}"}}}}
""")
    found = known(house, Usage.GRID)
    assert sorted({rate.value for rate in found}) == [0.1, 0.3]
    pause, until_s = threading.Event(), SystemClock().wire_s() + 10
    while not house.tariffs.outlook().issues and SystemClock().wire_s() < until_s:
        pause.wait(0.01)
    assert "2 of 4 slots make no sense" in str(house.tariffs.outlook().issues[0])


def test_a_tax_of_more_than_all_is_questioned_and_used(built):
    house = built("""
tariffs:
  grid:
    type: fixed
    price: 0.1
    tax: 19
  feedin: {type: fixed, price: 0.1, tax: 0.19}
""")
    assert tariff_issues(house) == ["evcc.yaml:6: tariffs.grid.tax: 19 means 1900 %. Did you mean 0.19?"]
    assert at(house.tariffs.outlook().rates(Usage.GRID), datetime.now(UTC)) == 2.0


def test_a_house_with_fixed_emissions_plans_by_them_in_grams_unless_its_price_is_foretold(built):
    co2 = "  co2: {type: fixed, price: 300}"
    flat = built(f"""
tariffs:
  grid: {{type: fixed, price: 0.3}}
{co2}
""").tariffs.outlook()
    assert flat.kind(Usage.PLANNER) is flat.kind(Usage.CO2) is TariffKind.CO2
    told = built(f"""
tariffs:
  grid: {{type: fixed, price: 0.3, zones: [{{price: 0.2, hours: 0-6}}]}}
{co2}
""").tariffs.outlook()
    assert told.kind(Usage.PLANNER) is TariffKind.FORECAST


def test_all_mistakes_are_told_at_once_with_line_and_key(built):
    house = built("""
tariffs:
  currency: Euro
  grid:
    type: template
    template: tiber
    token: abc
  feedin:
    type: custom
    forecast: {source: htp, uri: x}
    tariff: green
    intervall: 1h
  co2:
    type: template
    template: gruenstromindex
  solr: {}
  solar:
    - template: solcast
    - type: template
      template: forecast-solar
      lat: x
""")
    assert tariff_issues(house) == [
        "evcc.yaml:3: tariffs.currency: 'Euro' is no currency. Write three letters, like EUR or CHF.",
        "evcc.yaml:6: tariffs.grid.template: 'tiber' is no template of a tariff that this program knows."
        " Did you mean 'tibber'?",
        "evcc.yaml:10: tariffs.feedin.forecast.source: 'htp' is no known plugin. Did you mean 'http'?",
        "evcc.yaml:11: tariffs.feedin.tariff: 'green' is no kind of tariff. Known: pricestatic, pricedynamic,"
        " priceforecast, co2, solar.",
        "evcc.yaml:12: tariffs.feedin.intervall: is not a known setting. Did you mean 'interval'?",
        "evcc.yaml:13: tariffs.co2.zip: is missing.",
        "evcc.yaml:16: tariffs.solr: failed parsing config file: unknown key. Did you mean 'solar'?",
        "evcc.yaml:18: tariffs.solar[0].type: is missing. Write 'type: template'.",
        "evcc.yaml:19: tariffs.solar[1].lon: is missing.",
        "evcc.yaml:19: tariffs.solar[1].dec: is missing.",
        "evcc.yaml:19: tariffs.solar[1].az: is missing.",
        "evcc.yaml:19: tariffs.solar[1].kwp: is missing.",
        "evcc.yaml:21: tariffs.solar[1].lat: needs a number, not 'x'.",
    ]


def test_a_broken_tariff_takes_no_other_with_it_and_is_never_planned_by(built):
    house = built("""
tariffs:
  planner: {type: custom}
  feedin: {type: fixed, price: 0.08}
""")
    assert tariff_issues(house) == [
        "evcc.yaml:3: tariffs.planner.price: is missing. Give a plugin under price, or under forecast."
    ]
    outlook = house.tariffs.outlook()
    assert at(outlook.rates(Usage.FEED_IN), datetime.now(UTC)) == 0.08
    assert outlook.rates(Usage.PLANNER) is None
