import os
import signal
import subprocess
import sys
import textwrap

import pytest


def test_what_was_saved_is_there_after_a_restart(opened):
    wishes = {"lp1.mode": "pv", "lp1.minCurrent": 6.5, "site.batteryDischargeControl": True, "lp1.smartCostLimit": None}
    first = opened()
    assert first.save(wishes).wait(2.0) is None
    first.close()
    assert wishes.items() <= opened().settings().items()


@pytest.mark.parametrize("value", ["pv", "7", "true", "null", "", '"quoted"', "ä ü", 0.1, -3, [1, {"a": None}], {}])
def test_every_plain_value_comes_back_as_it_was(opened, value):
    database = opened()
    assert database.save({"key": value}).wait(2.0) is None
    assert database.settings()["key"] == value


def test_the_last_of_many_words_counts(opened):
    database = opened()
    receipts = [database.save({"lp1.priority": number}) for number in range(200)]
    assert receipts[-1].wait(5.0) is None
    assert database.settings()["lp1.priority"] == 199


def test_a_word_stands_in_the_file_as_evcc_writes_it(opened, path):
    import sqlite3

    opened().save({"lp1.mode": "pv"}).wait(2.0)
    with sqlite3.connect(path) as other:
        assert other.execute("SELECT value FROM settings WHERE key = 'lp1.mode'").fetchone() == ("pv",)


def test_closing_writes_what_still_waits(opened):
    database = opened()
    for number in range(50):
        database.save({f"key{number}": number})
    database.close()
    assert opened().settings()["key49"] == 49


def test_a_confirmed_change_survives_kill_9(opened, path):
    child = subprocess.Popen(
        [
            sys.executable,
            "-c",
            textwrap.dedent(f"""
                from pathlib import Path
                from evcc_flask.clock import SystemClock
                from evcc_flask.storage.database import Database
                database = Database.open(Path({str(path)!r}), SystemClock())
                print(database.save({{"lp1.mode": "now"}}).wait(5.0), flush=True)
                input()
            """),
        ],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert child.stdout.readline() == "None\n"
    os.kill(child.pid, signal.SIGKILL)
    child.communicate()
    assert opened().settings()["lp1.mode"] == "now"


def test_the_file_is_for_its_owner_alone(opened, path):
    opened().save({"a": 1}).wait(2.0)
    modes = {file.name: oct(file.stat().st_mode & 0o777) for file in path.parent.iterdir()}
    assert modes == {"evcc.db": "0o600", "evcc.db-wal": "0o600", "evcc.db-shm": "0o600"}


def test_the_newest_stored_time_is_known(opened, clock):
    database = opened()
    assert database.newest_time() is None
    database.save({"a": 1}).wait(2.0)
    assert database.newest_time() == clock.time


def test_a_clock_that_is_not_trusted_leaves_no_time_behind(opened, clock):
    clock.right = False
    database = opened()
    database.save({"a": 1}).wait(2.0)
    assert database.newest_time() is None
