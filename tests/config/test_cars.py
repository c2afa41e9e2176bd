"""What an evcc.yaml says of cars and of asking them."""

import pytest

from evcc_flask.config.house import settings_of
from evcc_flask.config.load import load
from evcc_flask.domain.vehicles import PollMode
from evcc_flask.domain.words import Mode

HOUSE = """\
site: {title: Home, meters: {grid: g}}
meters: [{name: g, type: custom, power: {source: const, value: 1}}]
chargers: [{name: wb, type: demo-charger}]
vehicles:
- name: golf
  type: offline
  capacity: 36
  identifiers: [04AB*, 123]
  onIdentify: {mode: %s, priority: 2}
loadpoints:
- charger: wb
  vehicle: golf
  mode: pv
  soc: {poll: {mode: connected, interval: 20m}, estimate: false}
"""


@pytest.fixture
def settings(tmp_path):
    def read(mode):
        path = tmp_path / "evcc.yaml"
        path.write_text(HOUSE % mode)
        return settings_of(load(path, {}))

    return read


@pytest.mark.parametrize(
    ("word", "mode"), [("minpv", Mode.MINPV), ("off", Mode.OFF), ("'off'", Mode.OFF), ("fast", None)]
)
def test_a_car_has_cards_and_a_mode(settings, word, mode):
    car = settings(word).vehicles["golf"].vehicle
    assert (car.identifiers, car.mode, car.priority) == (("04AB*", "123"), mode, 2)


def test_the_default_cars_mode_comes_after_the_loadpoints(settings):
    loadpoint = settings("minpv").loadpoints[0]
    assert (loadpoint.mode, loadpoint.default_mode) == (Mode.MINPV, Mode.MINPV)
    assert settings("nonsense").loadpoints[0].default_mode is Mode.PV


def test_how_a_car_is_asked_is_the_loadpoints_word(settings):
    loadpoint = settings("pv").loadpoints[0]
    assert (loadpoint.poll, loadpoint.poll_interval_s, loadpoint.estimate) == (PollMode.CONNECTED, 1200.0, False)
