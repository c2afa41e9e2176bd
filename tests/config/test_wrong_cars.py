"""A setting of a car that no car can have is told with its line, and the car is there all the same."""

import pytest

from evcc_flask.clock import SystemClock
from evcc_flask.config.load import load
from evcc_flask.construction import build_house


@pytest.fixture
def told(tmp_path):
    houses = []

    def build(text):
        file = tmp_path / "evcc.yaml"
        file.write_text("vehicles:\n- name: golf\n" + text, "utf-8")
        house = build_house(load(file, {}), SystemClock())
        houses.append(house)
        car = house.settings.vehicles["golf"].vehicle
        return car, [(issue.line, f"{issue.key} {issue.message} {issue.remedy}") for issue in house.issues
                     if issue.kind == "vehicle"]  # fmt: skip

    yield build
    for house in houses:
        house.field.close()


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("capacity: -4", "capacity -4 is not within 0 and 1000."),
        ("capacity: 1e9", "is not within 0 and 1000."),
        ("phases: 7", "7 is not within 0 and 3."),
        ("maxCurrent: -3", "-3 is not within 0 and 80."),
        ("features: [ofline]", "'ofline' is no feature. Did you mean 'offline'?"),
        ("features: [nope]", "'nope' is no feature. Known: coarsecurrent,"),
        ("mode: pvv", "'pvv' is no mode. Did you mean 'pv'?"),
        ("onIdentify: {mode: fast}", "mode 'fast' is no mode. Known: off, now, minpv, pv."),
        ("onIdentify: {mod: pv}", "is not a known setting. Did you mean 'mode'?"),
        ("onIdentify: {maxCurrent: -3}", "-3 is not within 0 and 80."),
        ("onIdentify: {minCurrent: much}", "needs a number, not 'much'."),
        ("foo: 1", "is not a known setting."),
    ],
)
def test_what_no_car_has_is_told_with_its_line(told, line, expected):
    car, issues = told(f"  type: offline\n  title: Golf\n  {line}\n")
    assert car.title == "Golf"
    assert [at for at, _ in issues] == [5]
    assert expected in issues[0][1]
    assert (car.capacity_kwh, car.phases, car.max_current_a, car.mode) == (0.0, 0, 0.0, None)


@pytest.mark.parametrize(
    ("lines", "meant"),
    [("type: template\n  template: teslamte", "teslamate"), ("type: ofline", "offline"), ("type: custm", "custom")],
)
def test_of_a_template_or_a_type_that_is_misspelt_the_right_one_is_named(told, lines, meant):
    _, issues = told(f"  {lines}\n")
    assert len(issues) == 1
    assert f"Did you mean '{meant}'?" in issues[0][1]


def test_the_account_of_a_maker_is_no_misspelling(told):
    _, issues = told("  type: template\n  template: vw\n  user: me\n  capacity: 58\n")
    assert "is the account of a maker" in issues[0][1]
    assert "Did you mean" not in issues[0][1]
