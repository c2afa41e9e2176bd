"""A house in one file, and back again."""

import sqlite3
import tarfile
from contextlib import closing

import pytest
from click.testing import CliRunner

from evcc_flask.cli import main
from evcc_flask.clock import SystemClock
from evcc_flask.storage.database import Database
from evcc_flask.storage.owner import Owner


@pytest.fixture
def house(tmp_path):
    """A folder with a house, whose database is in use."""
    folder = tmp_path / "house"
    folder.mkdir()
    (folder / "evcc.yaml").write_text("site: {title: Before}\n")
    (folder / "evcc-flask.yaml").write_text("observe: true\n")
    database = Database.open(folder / "house.db", SystemClock())
    database.save({"site.title": "kept"}).wait(10)
    yield folder, database
    database.close()


@pytest.fixture
def call(house):
    def call_(*words):
        folder, _ = house
        options = ("-c", str(folder / "evcc.yaml"), "--database", str(folder / "house.db"))
        return CliRunner().invoke(main, [*map(str, words), *options])

    return call_


def stored(folder):
    with closing(sqlite3.connect(folder / "house.db")) as opened:
        return dict(opened.execute("SELECT key, value FROM settings"))


def test_what_was_taken_while_it_ran_comes_back(house, call, tmp_path):
    folder, database = house
    file = tmp_path / "house.tar.gz"
    answer = call("backup", file)
    assert answer.exit_code == 0, answer.output
    assert file.stat().st_mode & 0o777 == 0o600
    before = stored(folder)
    database.save({"site.title": "spoilt"}).wait(10)
    database.close()
    (folder / "evcc.yaml").write_text("site: {title: After}\n")
    (folder / "evcc-flask.yaml").unlink()
    answer = call("restore", file)
    assert answer.exit_code == 0, answer.output
    assert stored(folder) == before
    assert (folder / "evcc.yaml").read_text() == "site: {title: Before}\n"
    assert (folder / "evcc.yaml.before-restore").read_text() == "site: {title: After}\n"
    assert (folder / "evcc-flask.yaml").read_text() == "observe: true\n"
    assert not list(folder.glob("*-wal"))


def test_a_running_house_is_not_restored(house, call, tmp_path):
    folder, _ = house
    call("backup", tmp_path / "house.tar.gz")
    owner = Owner.take(folder / "house.db")
    answer = call("restore", tmp_path / "house.tar.gz")
    owner.release()
    assert answer.exit_code == 1
    assert "systemctl stop evcc-flask" in answer.output
    assert not (folder / "evcc.yaml.before-restore").exists()


def test_a_backup_is_not_overwritten(call, tmp_path):
    call("backup", tmp_path / "house.tar.gz")
    answer = call("backup", tmp_path / "house.tar.gz")
    assert answer.exit_code == 1
    assert "house.tar.gz" in answer.output


def test_without_a_name_of_its_own_it_is_named_by_its_time(call, tmp_path):
    assert call("backup", tmp_path).exit_code == 0
    assert len(list(tmp_path.glob("evcc-flask-2*.tar.gz"))) == 1


def damaged(file):
    with tarfile.open(file, "w:gz") as archive:
        archive.add(__file__, "evcc-flask.db")


def foreign(file):
    with tarfile.open(file, "w:gz") as archive:
        archive.add(__file__, "../../etc/passwd")


@pytest.mark.parametrize(
    "spoil", [damaged, foreign, lambda file: file.write_bytes(b"\x1f\x8b no"), lambda file: file.touch()]
)
def test_what_is_no_backup_changes_nothing(house, call, tmp_path, spoil):
    folder, database = house
    database.close()
    spoil(tmp_path / "bad.tar.gz")
    before = {path: path.read_bytes() for path in folder.iterdir()}
    answer = call("restore", tmp_path / "bad.tar.gz")
    assert answer.exit_code == 1
    assert "bad.tar.gz" in answer.output
    assert "Traceback" not in answer.output
    assert {path: path.read_bytes() for path in folder.iterdir()} == before


def test_where_there_is_no_house_there_is_nothing_to_back_up(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    answer = CliRunner().invoke(main, ["backup", "--database", str(tmp_path / "none.db")])
    assert answer.exit_code == 1
    assert "none.db is not there" in answer.output
