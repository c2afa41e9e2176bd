import pytest

from evcc_flask.domain.costs import co2_g, price
from evcc_flask.domain.settings import LoadpointSettings
from evcc_flask.domain.snapshot import Rates
from evcc_flask.domain.words import Mode


@pytest.mark.parametrize(
    ("rates", "green", "costs"),
    [
        (Rates(0.3, 0.08), 0.0, 0.3),
        (Rates(0.3, 0.08), 1.0, 0.08),
        (Rates(0.3, 0.08), 0.5, 0.19),
        (Rates(-0.1, 0.08), 0.25, -0.055),
        (Rates(0.3), 0.5, 0.15),
        (Rates(feed_in=0.08), 1.0, None),
    ],
)
def test_a_kwh_costs_what_its_parts_cost(rates, green, costs):
    assert price(rates, green) == (None if costs is None else pytest.approx(costs))


def test_only_the_grids_part_emits():
    assert co2_g(Rates(co2_g=400.0), 0.75) == 100.0
    assert co2_g(Rates(0.3), 0.5) is None


def test_home_and_loadpoints_have_prices_of_their_own(bench):
    """3 kW of sun serve 1 kW of home first, then half of what the car draws."""
    house = bench(LoadpointSettings(mode=Mode.NOW, max_current_a=6))
    house.load_w, house.pv_w, house.rates = 1000.0, 1000.0 + 2070.0, Rates(0.3, 0.1, 400.0)
    house.cycles(60)
    site = house.last.site
    assert house.boxes[0].power_w == pytest.approx(4140.0)
    assert (site.price_home, site.co2_home_g) == (pytest.approx(0.1), pytest.approx(0.0))
    assert (site.price_loadpoints, site.co2_loadpoints_g) == (pytest.approx(0.2), pytest.approx(200.0))
    point = house.last.loadpoints[0]
    assert point.session_price == pytest.approx(point.session_energy_wh / 1000 * 0.2)
    assert (point.session_price_per_kwh, point.session_co2_per_kwh) == (pytest.approx(0.2), pytest.approx(200.0))
