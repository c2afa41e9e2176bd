from datetime import timedelta

import pytest

from evcc_flask.domain.changes import Change, Origin, Who
from evcc_flask.storage.journal import Wanted
from evcc_flask.storage.writer import MOST_CHANGES

PHONE = Origin(Who.PAGE, address="192.168.1.20")
WIDGET = Origin(Who.KEY, "widget", "192.168.1.30")


def saved(database, key, old, new, origin=PHONE):
    assert database.save({key: new}, [Change(key, old, new, origin)]).wait(5.0) is None


def keys(database, **wanted):
    return [entry["key"] for entry in database.changes(Wanted(**wanted))]


def test_an_entry_tells_when_from_what_to_what_and_by_whom(opened, clock):
    database = opened()
    saved(database, "lp1.mode", "off", "pv", WIDGET)
    (entry,) = database.changes(Wanted())
    assert entry == {
        "id": 1,
        "time": clock.time,
        "key": "lp1.mode",
        "old": "off",
        "new": "pv",
        "origin": "key",
        "name": "widget",
        "address": "192.168.1.30",
    }


@pytest.mark.parametrize("value", [None, True, 0.1, -3, "pv", "7", {"soc": 80}, [1, "a"]])
def test_values_come_back_as_they_were(opened, value):
    database = opened()
    saved(database, "key", value, value)
    (entry,) = database.changes(Wanted())
    assert (entry["old"], entry["new"]) == (value, value)


def test_newest_come_first_and_not_more_than_asked_for(opened):
    database = opened()
    for number in range(5):
        saved(database, f"key{number}", 0, 1)
    assert keys(database, count=2) == ["key4", "key3"]
    assert keys(database, count=2, before=4) == ["key2", "key1"]


def test_a_key_is_a_whole_one_or_the_beginning_up_to_a_dot(opened):
    database = opened()
    for key in ("lp1.mode", "lp1.limitSoc", "lp10.mode", "vehicle.e-golf.minSoc"):
        saved(database, key, 0, 1)
    assert keys(database, key="lp1") == ["lp1.limitSoc", "lp1.mode"]
    assert keys(database, key="lp1.mode") == ["lp1.mode"]
    assert keys(database, key="lp%") == keys(database, key="l") == []


def test_origin_and_time_choose(opened, clock):
    database = opened()
    start = clock.time
    for hour, origin in enumerate((PHONE, WIDGET, PHONE)):
        clock.time = start + timedelta(hours=hour)
        saved(database, f"key{hour}", 0, 1, origin)
    assert keys(database, origin="key") == ["key1"]
    assert keys(database, since=start + timedelta(hours=1)) == ["key2", "key1"]
    assert keys(database, since=start, until=start + timedelta(hours=1)) == ["key0"]


def test_what_is_older_than_two_years_goes_when_something_new_comes(opened, clock):
    database = opened()
    saved(database, "old", 0, 1)
    clock.time += timedelta(days=700)
    saved(database, "young", 0, 1)
    clock.time += timedelta(days=32)
    saved(database, "new", 0, 1)
    assert keys(database) == ["new", "young"]


def test_the_journal_has_an_end_whatever_writes_to_it(opened, monkeypatch):
    monkeypatch.setattr("evcc_flask.storage.journal.MOST", 3)
    database = opened()
    for number in range(10):
        saved(database, f"key{number}", 0, 1)
    assert keys(database) == ["key9", "key8", "key7"]


def test_all_that_waited_for_a_full_disk_is_written_in_one_go(opened):
    database = opened()
    changes = [Change(f"key{number}", 0, 1, PHONE) for number in range(MOST_CHANGES)]
    assert database.save({"a": 1}, changes).wait(20.0) is None
    assert keys(database, count=2) == [f"key{MOST_CHANGES - 1}", f"key{MOST_CHANGES - 2}"]


def test_without_a_trusted_clock_an_entry_has_no_time_and_stays(opened, clock):
    clock.right = False
    database = opened()
    saved(database, "early", 0, 1)
    clock.right = True
    clock.time += timedelta(days=800)
    saved(database, "late", 0, 1)
    assert [entry["time"] for entry in database.changes(Wanted())] == [clock.time, None]


def test_the_journal_survives_a_restart(opened):
    first = opened()
    saved(first, "lp1.mode", "off", "pv")
    first.close()
    assert keys(opened()) == ["lp1.mode"]
