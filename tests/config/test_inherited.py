import pytest
import yaml

from evcc_flask.config.inherited import inherited
from evcc_flask.config.load import load
from evcc_flask.domain.inherited import Entry
from evcc_flask.domain.words import Mode
from tests.storage.evcc_house import OF_PAGE, PAGE

ENTRIES = tuple(
    Entry(number, kinds, kind, title, icon, product, params)
    for number, kinds, kind, title, icon, product, params in (
        (row[0], (None, "charger", "meter", "vehicle", "tariff", "loadpoint", "circuit")[row[1]], *row[2:])
        for row in PAGE
    )
)


@pytest.fixture
def house(tmp_path):
    file = tmp_path / "evcc.yaml"
    file.write_text(inherited(ENTRIES, OF_PAGE).text)
    return load(file, {})


def test_the_file_is_read_without_a_mistake(house):
    assert [str(issue) for issue in house.issues if issue.fatal] == []


def test_devices_have_readable_names_and_stand_where_they_did(house):
    assert (house.site.title, house.site.grid, house.site.pv) == ("Zuhause", "grid", ("dach-sued", "dach-sued-2"))
    (loadpoint,) = house.loadpoints
    assert (loadpoint.charger, loadpoint.vehicle, loadpoint.circuit) == ("demo-charger", "grauer-wagen", "garage")
    assert [device.name for device in house.chargers] == ["demo-charger", "selbstbau"]
    assert [(circuit.name, circuit.parent) for circuit in house.circuits] == [("haus", None), ("garage", "haus")]


def test_network_interval_and_durations_keep_their_meaning(house):
    assert (house.port, house.interval_s) == (7171, 15.0)
    assert house.meters[2].params["timeout"] == "15s"
    assert house.loadpoints[0].poll_interval_s == 3600.0


def test_the_default_mode_stands_in_the_file_and_the_last_one_is_a_setting(house):
    assert house.loadpoints[0].mode is Mode.PV
    settings = inherited(ENTRIES, OF_PAGE).settings
    assert (settings["lp1.mode"], settings["lp1.maxCurrent"]) == ("now", "20")


def test_each_device_tells_where_it_comes_from():
    text = inherited(ENTRIES, OF_PAGE).text
    assert "# Shelly Pro 3EM (db:1 in evcc)" in text
    assert text.count("db:") == len([entry for entry in ENTRIES if entry.kind != "tariff"])


def test_a_device_written_in_yaml_is_carried_over_as_such():
    text = inherited(ENTRIES, OF_PAGE).text
    charger = yaml.safe_load(text)["chargers"][1]
    assert charger["status"] == {"source": "const", "value": "B"}


def test_circuits_and_tariffs_that_evcc_keeps_as_text_are_sections():
    settings = {"circuits": "- name: main\n  maxcurrent: 16", "tariffs": "currency: CHF"}
    written = yaml.safe_load(inherited((), settings).text)
    assert written == {"circuits": [{"name": "main", "maxcurrent": 16}], "tariffs": {"currency": "CHF"}}


def test_what_has_no_place_is_told():
    settings = {"sponsorToken": "abc", "messaging": "a: [b"}
    left = inherited((Entry(3, "tariff", "template", params={"template": "tibber"}),), settings).left
    assert [sentence.split(":")[0] for sentence in left] == ["tariff db", "messaging", "the sponsor token"]


@pytest.mark.parametrize("name", ["off", "yes", "1.10", "0123", "1e5", "null", "#1", "a: b", "ä\nb", "'"])
def test_no_value_changes_its_meaning_on_its_way_through_the_file(tmp_path, name):
    file = tmp_path / "evcc.yaml"
    entry = Entry(1, "meter", "template", params={"template": "shelly-pro-3em", "password": name})
    file.write_text(inherited((entry,), {"gridMeter": "db:1"}).text)
    assert load(file, {}).meters[0].params["password"] == name
