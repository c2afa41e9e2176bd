"""evcc-flask.yaml beside evcc.yaml: what is ours and not evcc's."""

from pathlib import Path

import pytest

from evcc_flask.config.house import settings_of, unguarded
from evcc_flask.config.model import OwnConfig, OwnDevice
from evcc_flask.domain.readings import ChargerReading, ChargerTraits, Failsafe
from evcc_flask.domain.settings import Threshold

OWN = """
observe: true
api:
  envelope: both
  hosts: evcc.local
  origins: [https://a.example, https://b.example]
auth:
  writes: yes
devices:
  WallBox:
    phaseOrder: L2 L3 L1
    currents:
      1p: {min: 6, max: 20}
      3p: {max: 13}
  grid:
    invert: true
"""


def test_without_the_file_everything_is_at_its_default(read, house):
    assert read(house).own == OwnConfig()


def test_the_file_is_read_with_devices_by_name_in_any_case(read, house, tmp_path):
    assert read(house, OWN).own == OwnConfig(
        file=str(tmp_path / "evcc-flask.yaml"),
        devices={
            "wallbox": OwnDevice((1, 2, 0), False, 6.0, 20.0, None, 13.0),
            "grid": OwnDevice(invert=True),
        },
        observe=True,
        envelope="both",
        allowed_hosts=("evcc.local",),
        allowed_origins=("https://a.example", "https://b.example"),
        login_for_writes=True,
    )


@pytest.mark.parametrize("order", ["L2 L3 L1", "'l2, l3, l1'", "[L2, L3, L1]", "[2, 3, 1]", "2 3 1"])
def test_a_phase_order_may_be_written_in_several_ways(read, house, order):
    own = read(house, f"devices: {{wallbox: {{phaseOrder: {order}}}}}").own
    assert own.devices["wallbox"].phase_order == (1, 2, 0)


@pytest.mark.parametrize(
    ("own", "issue"),
    [
        ("obsrve: true", "evcc-flask.yaml:1: obsrve: failed parsing config file: unknown key. Did you mean 'observe'?"),
        ("api: {envelope: wrap}", "evcc-flask.yaml:1: api.envelope: 'wrap' is not possible here. "
         "Did you mean 'wrapped'?"),
        ("devices: {wallbx: {invert: true}}", "evcc-flask.yaml:1: devices.wallbx: no meter or charger has this name. "
         "Known are: grid, pv, wallbox."),
        ("devices: {wallbox: {phaseOrder: L1 L1 L2}}", "evcc-flask.yaml:1: devices.wallbox.phaseOrder: 'L1 L1 L2' is "
         "no phase order. Write each phase once, like L2 L3 L1."),
        ("devices: {wallbox: {currents: {1p: {min: 16, max: 6}}}}", "evcc-flask.yaml:1: devices.wallbox.currents.1p: "
         "the minimum, 16 A, lies above the maximum, 6 A. Exchange them."),
        ("devices: {wallbox: {currents: {2p: {min: 6}}}}", "evcc-flask.yaml:1: devices.wallbox.currents.2p: failed "
         "parsing config file: unknown key. Known here: 1p, 3p."),
        ("api: {origins: [ha.lan]}", "evcc-flask.yaml:1: api.origins[0]: 'ha.lan' is no origin. "
         "Write it like https://evcc.example or http://ha.lan:8123."),
        ("api: {proxies: [nginx]}", "evcc-flask.yaml:1: api.proxies[0]: 'nginx' is no network. "
         "Write it like 192.168.1.5 or 172.17.0.0/16."),
        ("a: b: c", "evcc-flask.yaml:1: failed parsing config file: a second 'key:' on the same line, or a wrong "
         "indent; put a text with ': ' in quotes."),
    ],
)  # fmt: skip
def test_each_mistake_has_its_sentence(issues, house, own, issue):
    assert [found for found in issues(house, own) if not found.startswith("note:")] == [issue]


def test_a_file_that_is_not_understood_lets_nothing_be_commanded(read, house):
    configuration = read(house, "obsrve: true")
    assert configuration.own.observe
    assert "evcc-flask.yaml: wallboxes are watched and not commanded until it is right." in map(
        str, configuration.issues
    )


@pytest.mark.parametrize("own", ["auth: {wirtes: true}", "auth: {writes: perhaps}", "auth: [1]"])
def test_whoever_meant_to_ask_for_a_login_gets_one_though_he_mistyped_it(read, house, own):
    configuration = read(house, own)
    assert configuration.own.login_for_writes
    assert "evcc-flask.yaml: changes ask for a login until auth is right." in map(str, configuration.issues)


@pytest.mark.parametrize(
    "own",
    [
        "auht: {writes: true}",
        "auth: {writes: true\n",
        "auth:\n\twrites: true",
        "auth: {writes: true}\na: b: c",
        "- auth",
    ],
)
def test_a_file_that_says_nothing_clear_of_logins_closes_all_writes(read, house, own):
    configuration = read(house, own)
    assert configuration.own.login_for_writes
    assert configuration.own.observe
    assert "evcc-flask.yaml: changes ask for a login until it is right." in map(str, configuration.issues)


def _nowhere(file):
    file.symlink_to("nowhere")


def _not_utf8(file):
    file.write_bytes(b"auth: {writes: true} # \xff")


@pytest.mark.parametrize("spoil", [Path.mkdir, _nowhere, _not_utf8])
def test_a_file_that_is_there_and_cannot_be_read_closes_all_writes(read, house, tmp_path, spoil):
    spoil(tmp_path / "evcc-flask.yaml")
    configuration = read(house)
    assert configuration.own.login_for_writes
    assert configuration.own.observe
    assert configuration.own.ocpp.shut
    assert any(issue.fatal and "evcc-flask.yaml" in issue.file for issue in configuration.issues)


def test_a_slip_elsewhere_asks_for_no_login(read, house):
    assert not read(house, "api: {envelope: wrap}").own.login_for_writes


def test_a_mistake_at_a_meter_lets_nothing_be_commanded(read, house):
    assert read(house, "devices: {grid: {invert: maybe}}").own.observe


def test_a_wrong_phase_order_holds_back_that_wallbox_only(read, house):
    text = house.replace("- charger: wallbox", "- charger: wallbox\n- charger: other") + "  title: x\n"
    text = text.replace("chargers:\n", "chargers:\n- name: other\n  type: custom\n")
    configuration = read(text, "devices: {wallbox: {phaseOrder: L1 L2}}")
    assert not configuration.own.observe
    assert "no phase order" in str(configuration.loadpoints[0].fault)
    assert configuration.loadpoints[1].fault is None


def test_settings_are_those_of_both_files(read, house):
    circuits = "circuits: [{name: main, maxCurrent: 25, meter: grid}]\n"
    settings = settings_of(
        read(f"interval: 5s\n{house}  title: Garage\n  circuit: main\n  enable: {{threshold: -500}}\n{circuits}", OWN)
    )
    loadpoint = settings.loadpoints[0]
    assert settings.interval_s == 5.0
    assert (loadpoint.title, loadpoint.phase_order) == ("Garage", (1, 2, 0))
    assert (loadpoint.enable, loadpoint.disable) == (Threshold(-500.0, 60.0), Threshold(0.0, 180.0))
    assert (loadpoint.max_current_1p_a, loadpoint.max_current_3p_a) == (20.0, 13.0)
    circuit = settings.circuits[0]
    assert (circuit.name, circuit.max_current_a, circuit.meter) == ("main", 25.0, True)


class Box:
    """A wallbox with or without a fail-safe."""

    def __init__(self, failsafe: Failsafe | None) -> None:
        self._failsafe = failsafe

    def reading(self) -> ChargerReading:
        return ChargerReading("wallbox", traits=ChargerTraits(failsafe=self._failsafe))


def test_a_box_without_fail_safe_in_a_circuit_is_named_with_its_ampere(read, house):
    configuration = read(f"{house}  circuit: main\ncircuits: [{{name: main}}]\n", OWN)
    assert [str(issue) for issue in unguarded(configuration, {"wallbox": Box(None)})] == [
        "evcc.yaml:15: loadpoints[0]: wallbox 'wallbox' has no fail-safe: when this program falls silent, it keeps its "
        "last current, up to 20 A, in circuit 'main'. Keep that much free in the circuit."
    ]
    assert unguarded(configuration, {"wallbox": Box(Failsafe(15.0, 6.0))}) == ()
    assert unguarded(read(house), {"wallbox": Box(None)}) == ()


def test_charge_points_are_listed_with_their_passwords(read, house):
    own = read(house, "ocpp: {host: 127.0.0.1, password: all, stations: [{id: WB-1, password: own}, {id: WB-2}]}").own
    assert (own.ocpp.host, own.ocpp.password) == ("127.0.0.1", "all")
    assert own.ocpp.stations == (("WB-1", "own"), ("WB-2", ""))
    assert "own" not in repr(own.ocpp)


@pytest.mark.parametrize("wrong", ["ocpp: {pasword: x}", "ocpp: {stations: [{password: x}]}", "ocpp: [", "ocpp: 3"])
def test_a_mistake_in_who_may_call_lets_nobody_in(read, house, wrong):
    assert "no charge point is let in" in read(house, wrong).own.ocpp.shut
