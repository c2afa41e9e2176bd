"""A house in one file, and back again."""

import io
import json
import os
import shutil
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
    assert "house.tar.gz is there already" in answer.output
    assert "Errno" not in answer.output


def test_without_a_name_of_its_own_it_is_named_by_its_time(call, tmp_path):
    assert call("backup", tmp_path).exit_code == 0
    assert len(list(tmp_path.glob("evcc-flask-2*.tar.gz"))) == 1


def rewritten(file, **changed):
    """The archive with other contents; a Path is a file, everything else becomes JSON."""
    with tarfile.open(file) as archive:
        contents = {entry.name: archive.extractfile(entry).read() for entry in archive}
    for name, content in changed.items():
        name = {"database": "evcc-flask.db", "about": "about.json"}[name]
        contents[name] = content.read_bytes() if hasattr(content, "read_bytes") else json.dumps(content).encode()
    with tarfile.open(file, "w:gz") as archive:
        for name, content in contents.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))


@pytest.mark.parametrize("spoilt", [os.urandom(9000), b"", b"SQLite format 3\0" + bytes(9000)])
def test_a_backup_replaces_a_database_that_is_none_any_more(house, call, tmp_path, spoilt):
    folder, database = house
    assert call("backup", tmp_path / "house.tar.gz").exit_code == 0
    before = stored(folder)
    database.close()
    (folder / "house.db").write_bytes(spoilt)
    answer = call("restore", tmp_path / "house.tar.gz")
    assert answer.exit_code == 0, answer.output
    assert stored(folder) == before
    assert (folder / "house.db.before-restore").read_bytes() == spoilt
    assert "house.db.before-restore" in answer.output


def test_evccs_own_file_is_not_replaced_by_a_backup(house, call, tmp_path):
    folder, database = house
    assert call("backup", tmp_path / "house.tar.gz").exit_code == 0
    before = stored(folder)
    database.close()
    with closing(sqlite3.connect(tmp_path / "evcc.db")) as evccs:
        evccs.execute("CREATE TABLE settings (key TEXT, value TEXT)")
    as_it_was = (tmp_path / "evcc.db").read_bytes()
    shutil.move(tmp_path / "evcc.db", folder / "house.db")
    answer = call("restore", tmp_path / "house.tar.gz")
    assert answer.exit_code == 0, answer.output
    assert (folder / "house.db").read_bytes() == as_it_was
    with closing(sqlite3.connect(folder / "evcc-flask.db")) as opened:
        assert dict(opened.execute("SELECT key, value FROM settings")) == before


def foreign_database(path):
    with closing(sqlite3.connect(path)) as made:
        made.execute("CREATE TABLE settings (key TEXT, value TEXT)")


def empty_database(path):
    with closing(sqlite3.connect(path)) as made:
        made.execute("PRAGMA user_version = 1")


def newer_database(path):
    database = Database.open(path, SystemClock())
    database.close()
    with closing(sqlite3.connect(path)) as made:
        made.execute("INSERT INTO migrations VALUES (99, '0099_later')")
        made.commit()


def half_a_database(path):
    database = Database.open(path, SystemClock())
    database.close()
    with closing(sqlite3.connect(path)) as made:
        made.execute("ALTER TABLE settings RENAME COLUMN value TO worth")
        made.commit()


@pytest.mark.parametrize("made", [foreign_database, empty_database, newer_database, half_a_database])
def test_an_archive_whose_database_no_server_would_start_on_changes_nothing(house, call, tmp_path, made):
    folder, database = house
    file = tmp_path / "house.tar.gz"
    assert call("backup", file).exit_code == 0
    database.close()
    made(tmp_path / "other.db")
    rewritten(file, database=tmp_path / "other.db")
    before = {path: path.read_bytes() for path in folder.iterdir()}
    answer = call("restore", file)
    assert answer.exit_code == 1
    assert "the database in it is of no use" in answer.output
    assert {path: path.read_bytes() for path in folder.iterdir()} == before


@pytest.mark.parametrize("about", [[1], "text", None])
def test_an_archive_that_tells_nonsense_of_itself_changes_nothing(house, call, tmp_path, about):
    folder, database = house
    file = tmp_path / "house.tar.gz"
    assert call("backup", file).exit_code == 0
    database.close()
    rewritten(file, about=about)
    before = {path: path.read_bytes() for path in folder.iterdir()}
    answer = call("restore", file)
    assert (answer.exit_code, "Traceback" in answer.output) == (1, False)
    assert "is no backup of ours" in answer.output
    assert {path: path.read_bytes() for path in folder.iterdir()} == before


def test_a_backup_into_a_folder_that_is_not_there_says_so(call, tmp_path):
    answer = call("backup", tmp_path / "nowhere" / "house.tar.gz")
    assert answer.exit_code == 1
    assert "Make it first" in answer.output
    assert "Errno" not in answer.output


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
