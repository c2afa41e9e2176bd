"""All tariffs together: fetched in the background, kept over restarts, honest about their age."""

import threading
from datetime import UTC, timedelta
from itertools import pairwise

import pytest

from evcc_flask.bus.needs import ErrorKind
from evcc_flask.domain.rates import SLOT, TariffKind, Usage
from evcc_flask.tariffs.board import Board, Shelf
from evcc_flask.tariffs.feed import Told
from evcc_flask.tariffs.fixed import fixed
from tests.tariffs.boards import HOUR, START, Source, eventually, gone, rates


def test_a_fixed_price_is_known_before_anything_runs(board_of):
    board = board_of((Usage.GRID, fixed({"price": 0.3}, UTC)), start=False)
    assert board.outlook().value(Usage.GRID, START) == 0.3
    assert board.outlook().value(Usage.GRID, None) == 0.3


def test_what_is_fetched_in_the_background_is_told(board_of, bus):
    source = Source(bus.calls("spot"), [rates()])
    board = board_of((Usage.GRID, source))
    assert eventually(lambda: board.outlook().value(Usage.GRID, START) == 0.2)
    assert board.outlook().issues == ()


def test_a_dead_host_delays_neither_the_start_nor_the_others(board_of, bus, clock):
    release = threading.Event()
    hung = Source(bus.calls("hung"), [lambda now: release.wait(20) or rates()])
    living = Source(bus.calls("living"), [rates(value=0.1)])
    board = board_of((Usage.GRID, hung), (Usage.FEED_IN, living))
    assert eventually(lambda: board.outlook().value(Usage.FEED_IN, START) == 0.1)
    assert board.outlook().rates(Usage.GRID) is None
    release.set()


def test_it_is_asked_again_after_its_time_and_not_before(board_of, bus, clock):
    source = Source(bus.calls("spot"), [rates(), lambda now: rates(now, value=0.4)])
    board = board_of((Usage.GRID, source))
    assert eventually(lambda: board.outlook().rates(Usage.GRID))
    clock.s += 3500
    assert not eventually(lambda: len(source.calls) > 1, 0.3)
    clock.s += 100
    assert source.called(2)
    assert eventually(lambda: board.outlook().value(Usage.GRID, START + HOUR) == 0.4)
    assert board.outlook().value(Usage.GRID, START) == 0.2, "what was today stays"


def test_last_good_rates_are_used_until_they_run_out_and_said_to_be_old(board_of, bus, clock):
    source = Source(bus.calls("spot"), [rates(count=20), gone()])
    board = board_of((Usage.GRID, source))
    assert eventually(lambda: board.outlook().rates(Usage.GRID))
    clock.s += 3 * 3600
    assert eventually(lambda: "does not resolve" in str(board.outlook().issues))
    assert board.outlook().value(Usage.GRID, clock.now()) == 0.2
    issue = board.outlook().issues[0]
    assert (issue.kind, issue.device, issue.fatal) == ("tariff", "grid", False)
    assert "the name does not resolve" in str(issue)
    assert "reaches until 04.05. 17:00" in str(issue)
    clock.s += 3 * 3600
    assert eventually(lambda: board.outlook().rates(Usage.GRID) is None)
    assert "Nothing is known" in str(board.outlook().issues[0])


def test_after_a_failure_it_is_tried_soon_and_ever_more_patiently(board_of, bus, clock):
    source = Source(bus.calls("spot"), [gone()])
    board_of((Usage.GRID, source))
    assert source.called(1)
    for times in (2, 3, 4):
        clock.s += times
        assert source.called(times)
    clock.s += 1
    assert not eventually(lambda: len(source.calls) > 4, 0.3)


def test_who_refuses_is_left_alone_for_a_quarter_of_an_hour(board_of, bus, clock):
    source = Source(bus.calls("spot"), [gone(ErrorKind.REFUSED)])
    board_of((Usage.GRID, source))
    assert source.called(1)
    clock.s += 800
    assert not eventually(lambda: len(source.calls) > 1, 0.3)
    clock.s += 101
    assert source.called(2)


def test_rates_outlast_a_restart_and_are_not_fetched_again_before_their_time(board_of, bus, clock):
    kept = {}
    board = board_of((Usage.GRID, Source(bus.calls("spot"), [rates(count=40)])), shelf=Shelf({}, kept.__setitem__))
    assert eventually(lambda: kept.get("grid0", {}).get("rates"))
    board.close()
    clock.s += 1800
    dead = Source(bus.calls("spot"), [gone()])
    again = board_of((Usage.GRID, dead), shelf=Shelf(dict(kept)))
    assert again.outlook().value(Usage.GRID, clock.now()) == 0.2
    assert not eventually(lambda: dead.calls, 0.3)
    clock.s += 1801
    assert dead.called(1)
    assert again.outlook().value(Usage.GRID, clock.now()) == 0.2


def test_the_disk_is_written_only_when_there_is_news(board_of, bus, clock):
    writes = []
    source = Source(bus.calls("spot"), [rates(count=40), rates(START + HOUR, count=36), rates(count=60)])
    board = board_of((Usage.GRID, source), shelf=Shelf({}, lambda key, what: writes.append(what["rates"])))
    assert eventually(lambda: len(writes) == 1)
    clock.s += 3601
    assert source.called(2)
    clock.s += 3601
    assert source.called(3)
    assert eventually(lambda: len(writes) == 2)
    assert [len(each) for each in writes] == [40, 60]
    assert eventually(lambda: len(board.outlook().rates(Usage.GRID)) == 60)


def test_rates_of_other_settings_are_not_taken_over(board_of, bus, clock):
    row = {"mark": "another", "fetched": START.isoformat(), "calls": [], "rates": [[START.timestamp(), 900, 9.9]]}
    board = board_of((Usage.GRID, Source(bus.calls("spot"), [gone()])), shelf=Shelf({"grid0": row}), start=False)
    assert board.outlook().rates(Usage.GRID) is None


@pytest.mark.parametrize("row", [None, 5, "x", [], {}, {"mark": "mark spot"}, {"mark": "mark spot", "rates": [[1]]}])
def test_a_damaged_row_is_none(board_of, bus, row):
    board = board_of((Usage.GRID, Source(bus.calls("spot"), [gone()])), shelf=Shelf({"grid0": row}), start=False)
    assert board.outlook().rates(Usage.GRID) is None


def test_a_price_of_now_is_not_believed_for_ever(board_of, bus, clock):
    source = Source(bus.calls("spot"), [rates(count=192), gone()], kind=TariffKind.DYNAMIC, refresh_s=900, keeps_s=1800)
    board = board_of((Usage.GRID, source))
    assert eventually(lambda: board.outlook().rates(Usage.GRID))
    clock.s += 1900
    assert eventually(lambda: board.outlook().rates(Usage.GRID) is None)


def test_roofs_are_summed_where_all_of_them_say_something(board_of, bus):
    east = Source(bus.calls("east"), [rates(count=8, value=100)], kind=TariffKind.SOLAR)
    west = Source(bus.calls("west"), [rates(START + SLOT, count=8, value=50)], kind=TariffKind.SOLAR)
    board = board_of((Usage.SOLAR, east), (Usage.SOLAR, west))
    assert eventually(lambda: board.outlook().rates(Usage.SOLAR))
    found = board.outlook().rates(Usage.SOLAR)
    assert (found[0].start, found[-1].end, {rate.value for rate in found}) == (START + SLOT, START + 2 * HOUR, {150})


def test_one_silent_roof_leaves_no_forecast(board_of, bus):
    east = Source(bus.calls("east"), [rates(value=100)], kind=TariffKind.SOLAR)
    west = Source(bus.calls("west"), [gone()], kind=TariffKind.SOLAR)
    board = board_of((Usage.SOLAR, east), (Usage.SOLAR, west))
    assert east.called(1)
    assert west.called(1)
    assert board.outlook().rates(Usage.SOLAR) is None


@pytest.mark.parametrize(
    ("grid", "co2", "planner", "expected"),
    [
        (TariffKind.FORECAST, TariffKind.CO2, None, TariffKind.FORECAST),
        (TariffKind.STATIC, TariffKind.CO2, None, TariffKind.CO2),
        (TariffKind.STATIC, None, None, TariffKind.STATIC),
        (TariffKind.FORECAST, None, TariffKind.CO2, TariffKind.CO2),
        (None, None, None, None),
    ],
)
def test_what_is_planned_by(board_of, bus, grid, co2, planner, expected):
    kinds = {Usage.GRID: grid, Usage.CO2: co2, Usage.PLANNER: planner}
    feeds = [(usage, Source(bus.calls(usage.value), [gone()], kind=kind)) for usage, kind in kinds.items() if kind]
    assert board_of(*feeds, start=False).outlook().kind(Usage.PLANNER) is expected


def test_a_source_that_tells_of_yesterday_only_is_said(board_of, bus):
    board = board_of((Usage.GRID, Source(bus.calls("spot"), [rates(START - 24 * HOUR)])))
    assert eventually(lambda: board.outlook().issues)
    assert "what it told has passed" in str(board.outlook().issues[0])
    assert board.outlook().rates(Usage.GRID) is None


def test_a_source_that_hangs_is_said_when_its_rates_are_old(board_of, bus, clock):
    release = threading.Event()
    source = Source(bus.calls("spot"), [rates(count=40), lambda now: release.wait(20) or rates()])
    board = board_of((Usage.GRID, source))
    assert eventually(lambda: board.outlook().rates(Usage.GRID))
    clock.s += 7300
    assert eventually(lambda: board.outlook().issues)
    assert "does not answer" in str(board.outlook().issues[0])
    release.set()


def test_fixed_prices_follow_a_clock_that_is_set(board_of, clock):
    zones = [{"price": 0.1, "hours": "2-5"}]
    board = board_of((Usage.GRID, fixed({"price": 0.3, "zones": zones}, UTC)))
    clock.now = lambda: START + timedelta(days=4000)
    assert eventually(lambda: board.outlook().value(Usage.GRID, clock.now()) == 0.3)


def test_a_source_without_a_single_rate_is_a_failure(board_of, bus):
    source = Source(bus.calls("spot"), [[]])
    board = board_of((Usage.GRID, source))
    assert eventually(lambda: board.outlook().issues)
    assert "without a single rate" in str(board.outlook().issues[0])


def test_of_a_source_that_tells_some_nonsense_the_rest_is_used_and_that_is_said_once(board_of, bus, clock, caplog):
    source = Source(bus.calls("spot"), [Told(rates(count=40), "2 of 42 slots make no sense: 'abc' is no number")])
    board = board_of((Usage.GRID, source))
    assert eventually(lambda: board.outlook().value(Usage.GRID, START) == 0.2)
    clock.s += 3700
    assert source.called(2)
    assert eventually(lambda: board.outlook().issues)
    (issue,) = board.outlook().issues
    assert str(issue).startswith("of what spot told a part is left out: 2 of 42 slots make no sense: 'abc'")
    assert not issue.fatal
    assert [record.levelname for record in caplog.records] == ["WARNING"]


def test_a_formula_without_an_answer_for_some_hours_leaves_the_others_their_price(board_of, clock):
    board = board_of((Usage.GRID, fixed({"price": 0.3, "formula": "price * 5 / (ts.Hour() - 17)"}, UTC)))
    assert board.outlook().value(Usage.GRID, START.replace(hour=18)) == 1.5
    assert board.outlook().value(Usage.GRID, START.replace(hour=17, minute=30)) is None
    assert "left out: at 04.05. 17:00 the formula fails" in str(board.outlook().issues[0])


def test_of_two_in_a_row_the_second_goes_on_where_the_first_ends_and_stands_in_for_it(clock, bus):
    first = Source(bus.calls("spot"), [rates(count=4, value=0.2)])
    board = Board([(Usage.GRID, first, "a"), (Usage.GRID, fixed({"price": 0.3}, UTC), "b")], clock, continuing={1})
    assert {rate.value for rate in board.outlook().rates(Usage.GRID)} == {0.3}
    board.start()
    try:
        assert eventually(lambda: board.outlook().value(Usage.GRID, START) == 0.2)
        known = board.outlook().rates(Usage.GRID)
        assert [rate.value for rate in known[:6]] == [0.2] * 4 + [0.3] * 2
        assert all(a.end == b.start for a, b in pairwise(known))
        assert board.outlook().kind(Usage.GRID) is TariffKind.FORECAST
    finally:
        board.close()
