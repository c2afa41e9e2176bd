"""A start on evcc's own database: its house moves in, and evcc could start again as it was left."""

import sqlite3
from contextlib import closing

import pytest
from click.testing import CliRunner

from evcc_flask.cli import main
from evcc_flask.commands.check import check
from evcc_flask.commands.run import completed
from evcc_flask.control.carried import carried
from evcc_flask.control.meant import senseless
from evcc_flask.domain.words import Mode
from evcc_flask.options import Options
from evcc_flask.wiring import Server
from tests.storage.evcc_house import OF_PAGE, PAGE, SETTINGS, written

HOUSE = """
interval: 10s
site: {meters: {grid: grid}}
meters: [{name: grid, type: custom, power: {source: const, value: 0}}]
chargers:
- {name: box, type: custom, status: {source: const, value: A}, enabled: {source: const, value: false},
   enable: {source: ignore}, maxcurrent: {source: ignore}}
loadpoints: [{charger: box}]
"""


@pytest.fixture
def started(tmp_path, monkeypatch):
    """Servers that control nothing, one after the other, as by ``run --database``."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    running = []

    def start(**options):
        while running:
            running.pop().stop()
        running.append(Server(Options(**options), {"HOME": str(tmp_path)}))
        return running[-1]

    yield start
    for server in running:
        server.stop()


def test_sessions_and_settings_move_in_at_the_first_start_and_ours_is_found_at_the_next(tmp_path, started, capsys):
    evccs = written(tmp_path / "evcc.db", mode="wal")
    (tmp_path / "house.yaml").write_text(HOUSE)
    before = {file.name: file.read_bytes() for file in tmp_path.glob("evcc.db*")}
    server = started(config=tmp_path / "house.yaml", database=evccs)
    assert len(server.database.sessions()) == 2
    assert server.state.settings.loadpoints[0].mode is Mode.MINPV
    assert "3 sessions and" in capsys.readouterr().err
    server.state.change_loadpoint(0, mode=Mode.NOW)
    again = started(config=tmp_path / "house.yaml", database=evccs)
    assert again.state.settings.loadpoints[0].mode is Mode.NOW
    assert "are taken over" not in capsys.readouterr().err
    started(config=tmp_path / "house.yaml", database=tmp_path / "other.db")
    assert {file.name: file.read_bytes() for file in tmp_path.glob("evcc.db*")} == before


def test_the_port_of_evccs_web_page_counts_from_the_first_start_on(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    evccs = written(tmp_path / "evcc.db", OF_PAGE, page=PAGE)
    environ = {"HOME": str(tmp_path)}
    assert completed(Options(database=evccs), environ).port == 7171
    assert completed(Options(database=evccs, port=7272), environ).port == 7272
    assert completed(Options(database=tmp_path / "other.db"), environ).port == 7070


def test_a_house_of_evccs_web_page_runs_without_an_evcc_yaml(tmp_path, started):
    evccs = written(tmp_path / "evcc.db", {**SETTINGS, **OF_PAGE}, page=PAGE)
    for _ in range(2):
        server = started(database=evccs)
        assert server.configuration.file == str(tmp_path / "evcc-imported.yaml")
        loadpoint = server.state.settings.loadpoints[0]
        assert (loadpoint.title, loadpoint.mode, loadpoint.default_mode) == ("Carport", Mode.NOW, Mode.PV)
        assert loadpoint.max_current_a == 20
    assert (tmp_path / "evcc-imported.yaml").stat().st_mode & 0o777 == 0o600
    told: list[str] = []
    check(None, {"HOME": str(tmp_path), "EVCC_DATABASE_DSN": str(evccs)}, told.append)
    assert "demo-charger" in "".join(told)
    assert completed(Options(database=evccs), {"HOME": str(tmp_path)}).port == 7171


def test_with_an_evcc_yaml_the_house_of_the_web_page_is_told_of_and_not_used(tmp_path, started, capsys):
    evccs = written(tmp_path / "evcc.db", {**SETTINGS, **OF_PAGE}, page=PAGE)
    (tmp_path / "house.yaml").write_text(HOUSE)
    server = started(config=tmp_path / "house.yaml", database=evccs)
    assert [loadpoint.title for loadpoint in server.state.settings.loadpoints] == [""]
    assert "an evcc.yaml is in use" in capsys.readouterr().err
    assert not (tmp_path / "evcc-imported.yaml").exists()


def test_a_move_that_fails_is_said_and_the_house_runs(tmp_path, started, capsys):
    evccs = written(tmp_path / "evcc.db", OF_PAGE, page=PAGE)
    (tmp_path / "evcc-imported.yaml").write_text(HOUSE)
    server = started(database=evccs)
    assert "is there already" in capsys.readouterr().err
    assert server.database.sessions() == []


def test_the_command_line_writes_the_house_and_lists_what_is_missing(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    evccs = written(tmp_path / "evcc.db", {**SETTINGS, **OF_PAGE, "lp1.planStrategy": "{}"}, page=PAGE)
    before = evccs.read_bytes()
    answer = CliRunner().invoke(main, ["database", "import", "evcc.db"])
    assert answer.exit_code == 0, answer.output
    for words in ("3 sessions", "written to evcc.yaml", "lp1.planStrategy", "sponsor token", "'nobody-knows-this'"):
        assert words in answer.output
    assert "secret-of-tibber" not in answer.output
    assert evccs.read_bytes() == before
    again = CliRunner().invoke(main, ["database", "import", "evcc.db"])
    assert (again.exit_code, "0 sessions" in again.output) == (0, True), again.output
    (tmp_path / "evcc.yaml").write_text("interval: 5s\n")
    other = CliRunner().invoke(main, ["database", "import", "evcc.db"])
    assert (other.exit_code, "stays as it is" in other.output) == (1, True)
    assert (tmp_path / "evcc.yaml").read_text() == "interval: 5s\n"


def test_what_a_newer_evcc_keeps_is_named_where_nobody_here_knows_it(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with closing(sqlite3.connect(written(tmp_path / "evcc.db", SETTINGS, page=PAGE))) as evccs, evccs:
        evccs.execute("INSERT INTO configs (id, class, value) VALUES (99, 77, '{}')")
    answer = CliRunner().invoke(main, ["database", "import", "evcc.db"])
    assert "row 99 of evcc's table configs: what its class 77 means is not known here" in answer.output


def test_the_command_line_refuses_our_own_file(tmp_path, started):
    started(database=tmp_path / "ours.db")
    answer = CliRunner().invoke(main, ["database", "import", str(tmp_path / "ours.db")])
    assert (answer.exit_code, "is no database of evcc's" in answer.output) == (1, True)


def test_settings_that_make_no_sense_are_told_of_and_not_taken(tmp_path, started, capsys):
    odd = {
        "residualPower": "abc",
        "lp1.minCurrent": "8",
        "lp1.maxCurrent": "6",
        "lp1.phasesConfigured": "7",
        "lp1.limitSoc": "80",
        "prioritySoc": "150",
        "lp1.thresholds": "{}",
        "title": "Our house",
    }
    evccs = written(tmp_path / "evcc.db", {**SETTINGS, **odd})
    (tmp_path / "house.yaml").write_text(HOUSE)
    server = started(config=tmp_path / "house.yaml", database=evccs)
    told = capsys.readouterr().err
    for words in (
        "site.residualPower: 'abc' makes no sense",
        "lp1.minCurrent: minCurrent 8 is above maxCurrent 6",
        "lp1.maxCurrent",
        "lp1.phases: 7 makes no sense",
        "site.prioritySoc: 150 makes no sense",
        "'Our house' belongs to the file",
    ):
        assert words in told
    stored = server.database.settings()
    assert stored["lp1.limitSoc"] == 80
    assert not {"site.residualPower", "lp1.minCurrent", "lp1.maxCurrent", "lp1.phases"} & stored.keys()


def test_a_house_that_makes_sense_moves_in_wholly():
    assert senseless(carried(SETTINGS, {}).values) == {}
    assert senseless({"lp1.limitSoc": 80, "vehicle.my.car.limitSoc": 80.4, "site.bufferSoc": 0, "lp2.mode": "pv"}) == {}
