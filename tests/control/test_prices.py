"""What the state shows of tariffs, and what the API answers of them."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from evcc_flask.control.prices import at_loadpoint, published
from evcc_flask.control.yields import Yield, produced_w
from evcc_flask.domain.decision import SiteDecision
from evcc_flask.domain.rates import SLOT, Outlook, Rate, Tariff, TariffKind, Usage
from evcc_flask.domain.readings import MeterReading, PvReading
from evcc_flask.domain.settings import LoadpointSettings
from evcc_flask.domain.snapshot import Rates, Snapshot

NOW = datetime(2026, 6, 21, 12, 5, tzinfo=UTC)
MIDNIGHT = NOW.replace(hour=0, minute=0)


def quarters(value, days=3):
    """``value`` of the number of the quarter since midnight."""
    return tuple(Rate(MIDNIGHT + n * SLOT, MIDNIGHT + (n + 1) * SLOT, value(n)) for n in range(96 * days))


def snapshot(**tariffs):
    outlook = Outlook("CHF", {Usage[name.upper()]: tariff for name, tariff in tariffs.items()})
    return Snapshot(outlook=outlook, rates=Rates.of(outlook, NOW))


PRICES = Tariff(TariffKind.FORECAST, quarters(lambda n: 0.1 if n in range(60, 64) else 0.3))
STATIC = Tariff(TariffKind.STATIC, quarters(lambda n: 0.08))
SUN = Tariff(TariffKind.SOLAR, quarters(lambda n: 1000.0))


def test_without_tariffs_there_is_a_currency_and_nothing_to_wait_for():
    assert published(Snapshot(), NOW) == {
        "currency": "EUR",
        "smartCostAvailable": False,
        "smartFeedInPriorityAvailable": False,
        "smartCostType": None,
        "forecast": {},
    }


def test_prices_of_now_and_to_come():
    keys = published(snapshot(grid=PRICES, planner=PRICES, feed_in=STATIC), NOW)
    assert (keys["currency"], keys["tariffGrid"], keys["tariffFeedIn"]) == ("CHF", 0.3, 0.08)
    assert (keys["smartCostAvailable"], keys["smartCostType"]) == (True, "priceforecast")
    assert keys["smartFeedInPriorityAvailable"] is False
    assert set(keys["forecast"]) == {"grid", "planner"}, "a price that never changes is no forecast"
    assert keys["forecast"]["grid"][0] == {
        "start": "2026-06-21T12:00:00+00:00",
        "end": "2026-06-21T12:15:00+00:00",
        "value": 0.3,
    }
    assert "tariffCo2" not in keys


def test_a_price_that_never_changes_is_nothing_to_plan_by():
    keys = published(snapshot(grid=STATIC, planner=STATIC), NOW)
    assert (keys["smartCostAvailable"], keys["smartCostType"], keys["tariffGrid"]) == (False, "pricestatic", 0.08)
    assert snapshot(grid=STATIC, planner=STATIC).rates.planner is None


def test_the_sun_by_day_and_of_today_what_is_left():
    keys = published(snapshot(solar=SUN), NOW, 1.25)
    sun = keys["forecast"]["solar"]
    assert keys["tariffSolar"] == 1000
    assert sun["today"]["energy"] == pytest.approx(11_917, abs=1)
    assert sun["tomorrow"] == {"energy": 24_000, "complete": True}
    assert sun["dayAfterTomorrow"] == {"energy": 24_000, "complete": True}
    assert sun["scale"] == 1.25
    assert sun["timeseries"][0] == {"ts": "2026-06-21T00:00:00+00:00", "val": 1000.0}


def test_a_day_that_is_not_foretold_to_its_end_is_not_complete():
    cut = Tariff(TariffKind.SOLAR, quarters(lambda n: 1000.0)[: 96 + 40])
    sun = published(snapshot(solar=cut), NOW)["forecast"]["solar"]
    assert (sun["today"]["complete"], sun["tomorrow"]["complete"]) == (True, False)
    assert sun["dayAfterTomorrow"] == {"energy": 0, "complete": False}
    assert "scale" not in sun


def test_while_the_clock_is_not_trusted_only_what_never_changes_is_known():
    frozen = snapshot(grid=PRICES, planner=PRICES, feed_in=STATIC)
    frozen = replace(frozen, rates=Rates.of(frozen.outlook, None))
    keys = published(frozen, None)
    assert (keys["forecast"], keys["tariffFeedIn"], "tariffGrid" in keys) == ({}, 0.08, False)


def test_the_next_good_start():
    frozen = snapshot(grid=PRICES, planner=PRICES, feed_in=PRICES)
    wish = LoadpointSettings(smart_cost_limit=0.15, smart_feed_in_limit=0.35)
    assert at_loadpoint(frozen, wish, NOW) == {
        "smartCostNextStart": "2026-06-21T15:00:00+00:00",
        "smartFeedInPriorityNextStart": None,
    }
    good_now = LoadpointSettings(smart_cost_limit=0.3)
    assert at_loadpoint(frozen, good_now, NOW)["smartCostNextStart"] is None
    assert at_loadpoint(frozen, LoadpointSettings(), NOW)["smartCostNextStart"] is None
    assert at_loadpoint(frozen, wish, None)["smartCostNextStart"] is None


def test_while_one_roof_is_silent_nothing_is_counted():
    roofs = (PvReading(MeterReading("east", 1.0, 500.0)), PvReading(MeterReading("west", 1.0, 700.0)))
    site = SiteDecision(pv_w=1200.0)
    assert produced_w(Snapshot(pv=roofs), site) == 1200.0
    assert produced_w(Snapshot(pv=(roofs[0], PvReading(MeterReading("west", error="gone")))), site) is None
    assert produced_w(Snapshot(), site) is None


def test_how_well_the_forecast_met_is_counted_from_half_a_kilowatt_hour_on():
    day = Yield()
    for minute in range(41):
        day = day.counted(NOW + timedelta(minutes=minute), minute * 60.0, 900.0, 600.0)
        assert day.scale is None or day.produced_wh > 500
    assert day.scale == pytest.approx(1.5)
    tomorrow = day.counted(NOW + timedelta(days=1), 1e6, 900.0, 600.0)
    assert tomorrow.scale is None
    assert day.counted(None, 1e6, 900.0, 600.0).at_s is None
    assert day.counted(NOW, 1e6, None, 600.0).produced_wh == day.produced_wh
