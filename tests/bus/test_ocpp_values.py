"""MeterValues as charge points send them."""

from evcc_flask.bus.ocpp import Told
from evcc_flask.bus.ocppvalues import measured


def told(*samples):
    return {each.what: value for each, value in measured(2, [{"sampled_value": list(samples)}]).items()}


def test_a_value_without_a_name_is_the_energy_in_watt_hours():
    assert measured(2, [{"sampled_value": [{"value": "1234"}]}]) == {Told(2, "Energy.Active.Import.Register"): 1234.0}


def test_thousands_are_units_and_no_other_unit_is():
    power = {"measurand": "Power.Active.Import", "value": "7.2", "unit": "kW"}
    assert told(power) == {"Power.Active.Import": 7200.0}
    assert told({**power, "unit": "Celsius"}) == {"Power.Active.Import": 7.2}


def test_a_charge_point_that_sends_only_its_phases_is_summed_up():
    samples = [{"measurand": "Power.Active.Import", "value": "1000", "phase": f"L{number}-N"} for number in (1, 2, 3)]
    assert told(*samples)["Power.Active.Import"] == 3000.0
    assert told(*samples, {"measurand": "Power.Active.Import", "value": "2900"})["Power.Active.Import"] == 2900.0


def test_what_is_no_number_or_lies_between_phases_is_passed_over():
    assert told({"value": "n/a"}, {"value": "NaN"}, {"measurand": "Voltage", "value": "400", "phase": "L1-L2"}) == {}
    assert told({"measurand": "Current.Import", "value": "0.1", "phase": "N"}, {}) == {}


def test_the_newest_of_several_entries_counts():
    entries = [{"sampled_value": [{"value": "1"}]}, {}, {"sampled_value": [{"value": "2"}]}]
    assert list(measured(1, entries).values()) == [2.0]
