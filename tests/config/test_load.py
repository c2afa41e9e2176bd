"""What is right in a file arrives typed, with every default filled in."""

from pathlib import Path

import pytest

from evcc_flask.config.load import find, load
from evcc_flask.config.model import DeviceConfig, LoadpointConfig, Place, SiteConfig
from evcc_flask.config.problems import issues_of
from evcc_flask.domain.issues import Misconfigured
from evcc_flask.domain.words import Mode

SAMPLE = """
# like the sample file of evcc: sections that are not filled in mean "not set"
network:
  schema: http
  host: evcc.local
  port: 7171

log: debug,db:error
levels:
  site: trace
  lp-1: warn

interval: 30s

sponsortoken:
telemetry: true
mqtt:
  # broker: localhost:1883
messaging:
  events:
  services:
modbusproxy:
#  - port: 5200
eebus:
vehicles:
- name: zoe
  type: template
  template: renault

database:
  type: sqlite
  dsn: /var/lib/evcc/evcc.db?_pragma=x

meters:
- name: my_grid
  type: template
  template: eastron
  usage: grid
  modbus: rs485serial
  ID: 0x0C
- name: my_pv
  type: custom
  power:
    source: http
    headers:
    - content-type: application/json
- name: my_battery
  type: custom

chargers:
- name: wallbe
  type: custom
- name: other
  type: custom

circuits:
- name: main
  title: Main fuse
  maxCurrent: 63
  maxPower: 30000
- name: garage
  parent: main
  maxCurrent: "16"
  meter: my_grid

site:
  title: My home
  meters:
    grid: my_grid
    pv: my_pv
    battery:
    - my_battery
    aux:
  residualPower: -100

loadpoints:
- title: Garage
  charger: wallbe
  vehicle: zoe
  mode: PV
  priority: "2"
  circuit: garage
  soc:
    poll:
      mode: connected
      interval: 30m
    estimate: off
  enable:
    threshold: -1380
    delay: 2m
  disable:
    delay: 1m30s
- charger: other
  mode: off
  circuit: main
"""


def test_a_file_like_the_sample_is_read_whole(read):
    configuration = read(SAMPLE)
    assert [str(issue) for issue in configuration.issues if issue.fatal] == []
    assert (configuration.host, configuration.port, configuration.interval_s) == ("evcc.local", 7171, 30.0)
    assert configuration.log == "debug"
    assert configuration.levels == {"site": "trace", "lp-1": "warn", "db": "error"}
    assert configuration.database == "/var/lib/evcc/evcc.db"
    assert configuration.meters[0] == DeviceConfig(
        "my_grid", "template", {"template": "eastron", "usage": "grid", "modbus": "rs485serial", "id": 12}, "meters[0]"
    )
    assert configuration.site == SiteConfig(
        title="My home", residual_power_w=-100.0, grid="my_grid", pv=("my_pv",), battery=("my_battery",)
    )
    assert configuration.loadpoints == (
        LoadpointConfig(
            charger="wallbe",
            title="Garage",
            vehicle="zoe",
            circuit="garage",
            mode=Mode.PV,
            priority=2,
            enable_threshold_w=-1380.0,
            enable_delay_s=120.0,
            disable_delay_s=90.0,
            poll_mode="connected",
            poll_interval_s=1800.0,
            estimate=False,
            path="loadpoints[0]",
        ),
        LoadpointConfig(charger="other", circuit="main", mode=Mode.OFF, path="loadpoints[1]"),
    )
    circuit = configuration.circuits[1]
    assert (circuit.name, circuit.parent, circuit.max_current_a, circuit.meter) == ("garage", "main", 16.0, "my_grid")
    assert set(configuration.kept) == {"messaging"}


def test_mode_off_is_off_and_no_mode_is_none(read, house):
    assert read(f"{house}  mode: off\n").loadpoints[0].mode is Mode.OFF
    assert read(house).loadpoints[0].mode is None


def test_a_list_of_one_entry_maps_stands_for_a_map(read, house):
    written, listed = "site:\n  meters:\n    grid: grid\n    pv: pv\n", "site:\n- title: x\n- meters: [{grid: grid}]\n"
    text = house.replace(written, listed)
    assert read(text).site == SiteConfig(title="x", grid="grid")


def test_a_broken_part_leaves_the_rest_usable(read, house):
    configuration = read(f"{house}- charger: nobody\n- charger: wallbox\n  mode: solar\n")
    faults = [loadpoint.fault for loadpoint in configuration.loadpoints]
    assert faults[0] is None
    assert faults[
        1
    ] == "evcc.yaml:16: loadpoints[1].charger: there is no charger 'nobody'. Did you mean 'wallbox'?" or (
        "there is no charger 'nobody'" in str(faults[1])
    )
    assert "'solar'" in str(faults[2])


def test_a_name_that_no_meter_bears_stays_in_the_site(read, house):
    assert read(house.replace("grid: grid", "grid: gird")).site.grid == "gird"


def test_a_faulty_circuit_holds_back_its_loadpoints_and_no_other(read, house):
    text = f"{house}  circuit: main\n- charger: wallbox\ncircuits: [{{name: main, maxCurrent: x}}]\n"
    held, free = read(text).loadpoints
    assert "circuits[0].maxCurrent" in str(held.fault)
    assert free.fault is None


def test_a_value_that_is_set_twice_holds_back_what_it_belongs_to(read, house):
    text = f"{house}  circuit: main\ncircuits: [{{name: main, maxCurrent: 16, maxcurrent: 63}}]\n"
    assert "is set twice" in str(read(text).loadpoints[0].fault)


def test_the_environment_overrules_plain_values(read, house):
    configuration = read(
        f"network: {{port: 7000}}\n{house}  title: x\nmqtt: {{broker: a}}\n",
        EVCC_NETWORK_PORT="7999",
        EVCC_NETWORK_EXTERNALURL="https://house",
        EVCC_INTERVAL="5s",
        EVCC_SITE_TITLE="Ours",
        EVCC_DATABASE_DSN="/tmp/x.db",
        EVCC_LOG="trace",
        EVCC_MQTT_BROKER="b:1883",
        EVCC_UNKNOWN="1",
    )
    assert (configuration.port, configuration.external_url) == (7999, "https://house")
    assert (configuration.interval_s, configuration.log) == (5.0, "trace")
    assert (configuration.site.title, configuration.site.grid) == ("Ours", "grid")
    assert configuration.database == "/tmp/x.db"
    assert configuration.kept["mqtt"] == {"broker": "b:1883"}


def test_a_wrong_variable_is_named_as_such(issues, house):
    assert issues(house, EVCC_NETWORK_PORT="x") == ["environment: EVCC_NETWORK_PORT: needs a whole number, not 'x'."]


def test_a_site_written_as_a_list_keeps_its_other_keys_under_an_override(read):
    text = "site:\n- title: x\n- residualPower: 50\n"
    assert read(text, EVCC_SITE_TITLE="y").site == SiteConfig(title="y", residual_power_w=50.0)


def test_without_a_name_the_file_is_looked_for_at_home_then_here(tmp_path, monkeypatch):
    home, here = tmp_path / "home", tmp_path / "here"
    home.mkdir()
    here.mkdir()
    monkeypatch.chdir(here)
    (here / "evcc.yaml").write_text("network: {port: 7001}")
    assert load(None, {"HOME": str(home)}).port == 7001
    (home / "evcc.yaml").write_text("network: {port: 7002}")
    assert load(None, {"HOME": str(home)}).port == 7002
    assert find({"HOME": str(home)}) == home / "evcc.yaml"


@pytest.mark.skipif(Path("/etc/evcc.yaml").exists(), reason="this machine has an /etc/evcc.yaml")
def test_no_file_at_all_is_legal(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    configuration = load(None, {"HOME": str(tmp_path), "EVCC_NETWORK_PORT": "7005"})
    assert configuration.issues == ()
    assert (configuration.file, configuration.port) == (None, 7005)


def test_the_house_folder_stands_for_a_tilde(read):
    assert read("database: {dsn: ~/.evcc/evcc.db}").database == str(Path.home() / ".evcc" / "evcc.db")


def line_of(words: str) -> int:
    return SAMPLE[: SAMPLE.index(words)].count("\n") + 1


def test_what_a_device_raises_is_found_by_its_path(read):
    configuration = read(SAMPLE)
    device = configuration.meters[1]
    known = Misconfigured("needs a number", ("power", "headers", "content-type"), "Write 5")
    unwritten = Misconfigured("is missing", ("power", "uri"))
    issues = issues_of(configuration, device, ExceptionGroup("all", [known, unwritten]), "meter")
    assert [str(issue) for issue in issues] == [
        f"evcc.yaml:{line_of('content-type')}: meters[1].power.headers.content-type: needs a number. Write 5.",
        f"evcc.yaml:{line_of('power:')}: meters[1].power.uri: is missing.",
    ]
    assert {(issue.kind, issue.device) for issue in issues} == {("meter", "my_pv")}


def test_a_foreign_exception_of_a_device_is_not_swallowed(read):
    configuration = read(SAMPLE)
    with pytest.raises(ZeroDivisionError):
        issues_of(configuration, configuration.meters[0], ExceptionGroup("x", [ZeroDivisionError()]), "meter")


def test_places_name_the_file(read, house):
    assert read(house).places["loadpoints[0].charger"] == Place("evcc.yaml", 15, "loadpoints[0].charger")
