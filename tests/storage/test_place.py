import sqlite3

import pytest

from evcc_flask.storage.database import Database
from evcc_flask.storage.place import house_file
from evcc_flask.storage.problem import StorageProblem

EVCC = """
CREATE TABLE `settings` (`key` text,`value` text,PRIMARY KEY (`key`));
CREATE TABLE `sessions` (`id` integer PRIMARY KEY AUTOINCREMENT,`created` datetime,`charged_kwh` real);
INSERT INTO settings VALUES ('lp1.mode', 'minpv');
"""


@pytest.fixture(params=["delete", "wal"])
def evccs(request, path):
    with sqlite3.connect(path) as database:
        database.execute(f"PRAGMA journal_mode = {request.param}")
        database.executescript(EVCC)
    database.close()
    return path


def folder(path):
    return {file.name: file.read_bytes() for file in path.parent.iterdir()}


def test_a_file_that_is_not_there_is_used_as_named(path):
    assert house_file(path) == (path, None)


def test_our_own_file_is_used_as_named(opened, path):
    opened().close()
    assert house_file(path) == (path, None)


def test_our_own_file_is_known_while_it_is_open(opened, path):
    opened()
    assert house_file(path) == (path, None)


def test_evccs_file_stays_as_it_is_and_ours_lies_beside_it(evccs, clock):
    before = folder(evccs)
    file, issue = house_file(evccs)
    assert file == evccs.with_name("evcc-flask.db")
    assert not issue.fatal
    assert f"{evccs} is evcc's own file and stays as it is" in str(issue)
    assert folder(evccs) == before
    database = Database.open(file, clock)
    database.save({"lp1.mode": "pv"}).wait(5)
    database.close()
    assert folder(evccs) | before == folder(evccs)


def test_ours_is_found_again_at_the_next_start(evccs, clock):
    for mode in ("pv", "now"):
        database = Database.open(house_file(evccs)[0], clock)
        database.save({"lp1.mode": mode}).wait(5)
        database.close()
    again = Database.open(house_file(evccs)[0], clock)
    assert again.settings()["lp1.mode"] == "now"
    again.close()


def test_evccs_file_is_known_while_evcc_has_all_of_it_in_its_log(path):
    with sqlite3.connect(path) as running:
        running.execute("PRAGMA journal_mode = wal")
        running.execute("PRAGMA wal_autocheckpoint = 0")
        running.executescript(EVCC)
        assert house_file(path)[0] == path.with_name("evcc-flask.db")
    running.close()


def test_a_file_that_is_no_database_is_refused(path):
    path.write_bytes(b"not a database at all, but long enough to be looked at" * 20)
    with pytest.raises(StorageProblem, match="is no database, and stays as it is"):
        house_file(path)


def test_a_damaged_database_is_left_to_the_one_who_opens_it(path):
    path.write_bytes(b"SQLite format 3\0" + b"?" * 2000)
    assert house_file(path) == (path, None)


def test_another_programs_file_under_our_name_is_refused(tmp_path):
    with sqlite3.connect(tmp_path / "evcc-flask.db") as database:
        database.executescript(EVCC)
    database.close()
    with pytest.raises(StorageProblem, match="made by another program"):
        house_file(tmp_path / "evcc-flask.db")
