"""A provider is asked as often as it allows: it says so (429), or its terms do."""

from datetime import timedelta

import pytest

from evcc_flask.bus.needs import ErrorKind, ReadError
from evcc_flask.domain.rates import Usage
from evcc_flask.tariffs.board import Shelf
from tests.tariffs.boards import Source, eventually, gone, rates


def limited(after_s=None):
    return ReadError(ErrorKind.LIMITED, "https://spot.example answered 429: it wants fewer calls.", after_s)


def test_who_wants_fewer_calls_is_left_alone_ever_longer(board_of, bus, clock):
    source = Source(bus.calls("spot"), [limited()])
    board = board_of((Usage.GRID, source))
    for times, rest_s in enumerate((900, 1800, 3600), 1):
        assert source.called(times)
        at = clock.now() + timedelta(seconds=rest_s)
        assert eventually(lambda at=at: f"It is asked again at {at:%H:%M}." in str(board.outlook().issues))
        clock.s += rest_s - 1
        assert not eventually(lambda times=times: len(source.calls) > times, 0.2)
        clock.s += 1


@pytest.mark.parametrize(("told_s", "rest_s"), [(1.0, 60), (7200.0, 7200), (1e9, 86400)])
def test_who_says_how_long_it_wants_to_be_left_alone_is(board_of, bus, clock, told_s, rest_s):
    source = Source(bus.calls("spot"), [limited(told_s), rates()], refresh_s=1e6)
    board = board_of((Usage.GRID, source))
    assert source.called(1)
    assert eventually(lambda: board.outlook().issues)
    clock.s += rest_s - 1
    assert not eventually(lambda: len(source.calls) > 1, 0.2)
    clock.s += 1
    assert source.called(2)


def test_who_wants_fewer_calls_keeps_the_day_s_allowance(board_of, bus, clock):
    source = Source(bus.calls("spot"), [limited(60.0)], calls_a_day=10)
    board = board_of((Usage.SOLAR, source))
    assert source.called(1)
    assert eventually(lambda: "again at 14:24" in str(board.outlook().issues))
    clock.s += 8600
    assert not eventually(lambda: len(source.calls) > 1, 0.2)
    clock.s += 40
    assert source.called(2)


def test_calls_that_reached_nobody_are_not_counted(board_of, bus, clock):
    source = Source(bus.calls("spot"), [gone()] * 4 + [rates()], calls_a_day=3)
    board = board_of((Usage.SOLAR, source))
    for times in range(1, 6):
        assert source.called(times)
        clock.s += 60
    assert eventually(lambda: board.outlook().rates(Usage.SOLAR))


def test_a_provider_s_allowance_is_kept_over_failures_and_restarts(board_of, bus, clock):
    kept = {}
    source = Source(bus.calls("spot"), [gone(ErrorKind.TIMEOUT)], calls_a_day=3)
    board = board_of((Usage.SOLAR, source), shelf=Shelf({}, kept.__setitem__))
    for times in (1, 2, 3):
        assert source.called(times)
        assert eventually(lambda times=times: len(kept["solar0"]["calls"]) == times if kept else False)
        clock.s += 60
        assert not eventually(lambda times=times: len(source.calls) > times, 0.2)
        clock.s += 8 * 3600 if times < 3 else 0
    assert eventually(lambda: len(kept.get("solar0", {}).get("calls", ())) == 3)
    board.close()
    again = Source(bus.calls("spot"), [rates()], calls_a_day=3)
    board_of((Usage.SOLAR, again), shelf=Shelf(dict(kept)))
    assert not eventually(lambda: again.calls, 0.3)
    clock.s += 24 * 3600
    assert again.called(1)
