"""Local times, which jq 1.5 does not know."""

import time
from datetime import UTC, datetime

import pytest

from evcc_flask.jq import localtime
from evcc_flask.jq.filters import OLD, compile_filter

pytestmark = pytest.mark.skipif(not OLD, reason="a later jq knows them by itself")


@pytest.fixture(autouse=True, params=["Europe/Berlin", "Australia/Lord_Howe", "America/New_York", "UTC"])
def place(request, monkeypatch):
    """Where the machine stands, until the test is over."""

    def moved():
        time.tzset()
        localtime._defined.cache_clear()
        compile_filter.cache_clear()

    monkeypatch.setenv("TZ", request.param)
    moved()
    yield request.param
    monkeypatch.undo()
    moved()


def one(text, value=None):
    return compile_filter(text).one(value)


DAYS = ((1, 1), (3, 8), (3, 29), (4, 4), (7, 1), (10, 3), (10, 25), (11, 1), (12, 31))
HOURS = [
    int(datetime(2026, month, day, hour, 30, tzinfo=UTC).timestamp()) for month, day in DAYS for hour in (0, 1, 7, 15)
]


def test_local_time_is_what_the_clock_on_the_wall_shows():
    for at in HOURS:
        local = datetime.fromtimestamp(at).astimezone()
        assert one("localtime | todate", at) == local.strftime("%Y-%m-%dT%H:%M:%SZ"), at
        assert one('strflocaltime("%d.%m. %H:%M %Z %z")', at) == local.strftime("%d.%m. %H:%M %Z %z"), at
        assert one('localtime | strflocaltime("%H:%M")', at) == local.strftime("%H:%M"), at


def test_the_clocks_are_set_in_the_second_in_which_they_are(place):
    if place != "Europe/Berlin":
        return
    spring = int(datetime(2026, 3, 29, 1, tzinfo=UTC).timestamp())
    assert [one('strflocaltime("%H:%M:%S")', at) for at in (spring - 1, spring)] == ["01:59:59", "03:00:00"]


def test_what_is_no_time_is_refused():
    for text in ('"x" | localtime', '"x" | strflocaltime("%H")'):
        with pytest.raises(ValueError, match="requires"):
            one(text)


def test_a_mistake_is_still_named():
    with pytest.raises(ValueError, match="nonsense_here"):
        one("localtime |\n nonsense_here")
