"""Prices of the configuration: zones as evcc ranks them, in local wall time."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from evcc_flask.domain.rates import TariffKind, Usage, at
from evcc_flask.tariffs.fixed import fixed

BERLIN = ZoneInfo("Europe/Berlin")


def rates(now="2026-05-04T12:00", **params):
    return fixed(params, BERLIN).fetch(None, datetime.fromisoformat(now).replace(tzinfo=BERLIN))


def price(when, **params):
    """At ``when``, local; the Monday 2026-05-04 is within reach of every time in its week."""
    moment = datetime.fromisoformat(when).replace(tzinfo=BERLIN)
    return at(rates(when, **params), moment)


def problems(**params):
    with pytest.raises(ExceptionGroup) as failure:
        fixed(params, BERLIN)
    return [(each.path, each.message) for each in failure.value.exceptions]


def test_one_price_is_static_and_holds_for_seven_days_from_midnight():
    found = rates(price=0.3)
    assert fixed({"price": 0.3}, BERLIN).kind is TariffKind.STATIC
    assert len(found) == 7 * 96
    assert (found[0].start.isoformat(), found[-1].end.isoformat()) == (
        "2026-05-04T00:00:00+02:00",
        "2026-05-11T00:00:00+02:00",
    )
    assert {rate.value for rate in found} == {0.3}


def test_a_zone_makes_it_a_forecast():
    assert fixed({"price": 0.3, "zones": [{"price": 0.2, "hours": "2-5"}]}, BERLIN).kind is TariffKind.FORECAST


@pytest.mark.parametrize(("now", "count"), [("2026-03-29T12:00", 92), ("2026-10-25T12:00", 100)])
def test_a_day_of_a_clock_change_is_cut_by_the_wall_clock(now, count):
    found = rates(now, price=0.3, zones=[{"price": 0.2, "hours": "3-5"}])
    day = [rate for rate in found if rate.start.date().isoformat() == now[:10]]
    assert len(day) == count
    assert {rate.start.hour for rate in day if rate.value == 0.2} == {3, 4}
    assert len([rate for rate in day if rate.value == 0.2]) == 8


@pytest.mark.parametrize(
    ("when", "hours", "expected"),
    [
        ("2026-05-04T02:00", "2-5", 0.1),
        ("2026-05-04T04:59", "2-5", 0.1),
        ("2026-05-04T05:00", "2-5", 0.3),
        ("2026-05-04T23:59", "18-0", 0.1),
        ("2026-05-04T23:59", "18-24", 0.1),
        ("2026-05-04T00:00", "18-0", 0.3),
        ("2026-05-04T15:30", "15:30-21", 0.1),
        ("2026-05-04T15:29", "15:30-21", 0.3),
        ("2026-05-04T23:00", "22-0, 0-6", 0.1),
        ("2026-05-04T03:00", "22-0, 0-6", 0.1),
        ("2026-05-04T12:00", "22-0, 0-6", 0.3),
    ],
)
def test_hours(when, hours, expected):
    assert price(when, price=0.3, zones=[{"price": 0.1, "hours": hours}]) == expected


@pytest.mark.parametrize(
    ("when", "days", "expected"),
    [
        ("2026-05-04T12:00", "Mo-Fr", 0.1),
        ("2026-05-09T12:00", "Mon-Fri", 0.3),
        ("2026-05-10T12:00", "Sa,So", 0.1),
        ("2026-05-10T12:00", "0", 0.1),
        ("2026-05-10T12:00", "7", 0.1),
        ("2026-05-10T12:00", "Fr-Mo", 0.1),
        ("2026-05-06T12:00", "Fr-Mo", 0.3),
        ("2026-05-06T12:00", "Mittwoch", 0.1),
        ("2026-05-06T12:00", ["Tuesday", "Wed"], 0.1),
    ],
)
def test_days_in_english_german_and_numbers_also_over_the_weekend(when, days, expected):
    assert price(when, price=0.3, zones=[{"price": 0.1, "days": days}]) == expected


@pytest.mark.parametrize(
    ("when", "months", "expected"),
    [("2026-05-04T12:00", "Oct-Mar", 0.3), ("2026-12-31T12:00", "Okt-März", 0.1), ("2026-01-01T00:00", "10-3", 0.1)],
)
def test_months_also_over_the_end_of_the_year(when, months, expected):
    assert price(when, price=0.3, zones=[{"price": 0.1, "months": months}]) == expected


def test_the_zone_that_begins_later_wins_and_with_the_same_start_the_shorter_one():
    zones = [{"price": 0.1, "hours": "6-12"}, {"price": 0.2, "hours": "8-20"}, {"price": 0.4, "hours": "6-9"}]
    assert price("2026-05-04T08:30", price=0.3, zones=zones) == 0.2
    assert price("2026-05-04T07:00", price=0.3, zones=zones) == 0.4
    assert price("2026-05-04T06:00", price=0.3, zones=list(reversed(zones))) == 0.4


def test_a_zone_until_midnight_beats_others_with_its_start():
    zones = [{"price": 0.1, "days": "Mon"}, {"price": 0.2, "hours": "0-5"}]
    assert price("2026-05-04T03:00", price=0.3, zones=zones) == 0.1


def test_a_zone_that_ends_within_a_quarter_cuts_it():
    found = rates(price=0.3, zones=[{"price": 0.1, "hours": "2:10-3"}])
    starts = [rate.start.strftime("%H:%M") for rate in found if rate.start.hour == 2 and rate.start.day == 4]
    assert starts == ["02:00", "02:10", "02:15", "02:30", "02:45"]


def test_charges_tax_and_charge_zones_are_added():
    zones = [{"charges": 0.05, "hours": "18-20"}]
    assert price("2026-05-04T12:00", price=0.2, charges=0.1, tax=0.19) == pytest.approx(0.357)
    assert price("2026-05-04T19:00", price=0.2, charges=0.1, tax=0.19, chargeszones=zones) == pytest.approx(0.2975)


def test_negative_prices_stay_negative():
    assert price("2026-05-04T12:00", price=-0.2, charges=0.1) == pytest.approx(-0.1)


def test_every_mistake_is_told_at_once_with_its_place():
    found = problems(
        price="x",
        zones=[{"price": 0.1, "hours": "22-6"}, {"days": "Mo-Xy", "price": 1}, {"prise": 1, "months": "13"}],
        formula="price +",
        chargeszones=[{"charges": 0, "hours": "5"}],
    )
    assert [path for path, _ in found] == [
        ("price",), ("zones", 0, "hours"), ("zones", 1, "days"), ("zones", 2, "price"), ("zones", 2, "prise"),
        ("chargeszones", 0, "hours"), ("formula",),
    ]  # fmt: skip


@pytest.mark.parametrize("zones", [[], [{"price": 200, "hours": "10-16"}]])
def test_fixed_emissions_are_emissions_and_no_price(zones):
    assert fixed({"price": 300, "zones": zones}, BERLIN, Usage.CO2).kind is TariffKind.CO2
