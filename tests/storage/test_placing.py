"""A loadpoint that is named anew is the same in the history, and two of one name are two."""

from datetime import UTC, datetime, timedelta

import pytest

from evcc_flask.domain.quarters import Charged, Quarter, quarter_of, unlike
from evcc_flask.storage.history import Resolution

AT = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)


def charged(database, **points):
    number = quarter_of(AT)
    quarter = Quarter(number, points={title.replace("_", " "): Charged(kwh) for title, kwh in points.items()})
    assert database.save_sessions((), {}, {number: quarter}).wait(5.0) is None


def told(database):
    (span,) = database.history(AT, AT + timedelta(hours=1), Resolution.QUARTER)
    return {each["title"]: each["energy"] for each in span["loadpoints"]}


def test_titles_that_are_alike_are_numbered():
    assert unlike(["A", "B"]) == ["A", "B"]
    assert unlike(["A", "A", "A (2)", "A"]) == ["A", "A (3)", "A (2)", "A (4)"]


def test_what_was_charged_goes_on_under_a_new_title_also_from_a_file_that_knew_no_boxes(opened):
    database = opened()
    charged(database, Carport=1.0, Yard=5.0)
    database.name_places([("wb1", "Carport"), ("wb2", "Garage")])
    database.name_places([("wb1", "Roof"), ("wb2", "Garage")])
    charged(database, Roof=2.0, Garage=0.5)
    assert told(database) == {"Roof": 3.0, "Yard": 5.0, "Garage": 0.5}


def test_two_can_change_their_titles_with_each_other(opened):
    database = opened()
    database.name_places([("wb1", "A"), ("wb2", "B")])
    charged(database, A=1.0, B=2.0)
    database.name_places([("wb1", "B"), ("wb2", "A")])
    charged(database, A=0.5)
    assert told(database) == {"B": 1.0, "A": 2.5}


def test_a_title_that_somebody_had_before_is_not_added_to_what_that_one_charged(opened):
    database = opened()
    database.name_places([("wb1", "A"), ("wb2", "B")])
    charged(database, A=1.0, B=2.0)
    database.name_places([("wb1", "B")])
    assert told(database) == {"B": 1.0, "B (2)": 2.0}


def test_another_box_at_the_same_place_goes_on_under_its_title(opened):
    database = opened()
    database.name_places([("wb1", "A")])
    charged(database, A=1.0)
    database.name_places([("wb9", "A")])
    charged(database, A=1.0)
    assert told(database) == {"A": 2.0}
    database.name_places([("wb9", "C")])
    assert told(database) == {"C": 2.0}


@pytest.mark.parametrize("broken", ["word", [1], {"wb1": 99}, {"wb1": [1]}])
def test_a_setting_that_was_edited_to_nonsense_is_passed_over(opened, broken):
    database = opened()
    charged(database, A=1.0)
    assert database.save({"historyPlaces": broken}).wait(5.0) is None
    database.name_places([("wb1", "A")])
    assert told(database) == {"A": 1.0}
