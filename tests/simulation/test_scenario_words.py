"""A scenario is data with a strict grammar: what it says wrong is found before it tests nothing."""

import copy
from pathlib import Path

import pytest

from evcc_flask.domain.words import Mode
from evcc_flask.simulation.scenario import parse, read
from evcc_flask.simulation.strict import Unreadable

DAY = {
    "title": "a day",
    "house": {"loadpoints": [{"mode": "pv"}, {"mode": "off", "box": {"phases": 1}}], "priority_soc_percent": 50},
    "timeline": [{"at": "10:00", "pv_w": 6000, "load_w": 400}, {"at": "10:05", "grid": {"silent": True}}],
    "expect": [{"at": "10:04", "offered_a": 8}, {"from": "10:00", "to": "10:05", "disables": 0}],
}


def changed(*path: object, to: object) -> dict:
    day = copy.deepcopy(DAY)
    node = day
    for key in path[:-1]:
        node = node[key]
    node[path[-1]] = to
    return day


def test_a_day_is_read_with_its_times_and_wishes():
    scenario = parse(DAY)
    assert [each.mode for each in scenario.settings.loadpoints] == [Mode.PV, Mode.OFF]
    assert scenario.settings.priority_soc_percent == 50
    assert (scenario.start.strftime("%H:%M"), scenario.end.strftime("%H:%M")) == ("10:00", "10:05")
    assert scenario.forced


@pytest.mark.parametrize(
    ("day", "told"),
    [
        (changed("tilte", to="x"), "scenario.tilte: unknown word. Did you mean title?"),
        (changed("house", "priority_soc", to=1), "house.priority_soc: unknown word. Did you mean"),
        (changed("house", "loadpoints", 0, "modus", to="pv"), "house.loadpoints[0].modus: unknown word"),
        (
            changed("house", "loadpoints", 0, "mode", to="sun"),
            "house.loadpoints[0].mode: 'sun' is unknown. Known",
        ),
        (changed("house", "loadpoints", 1, "box", "phase", to=1), "house.loadpoints[1].box.phase: unknown word"),
        (changed("timeline", 0, "pv", to=3), "timeline[0].pv: a mapping was expected"),
        (changed("timeline", 0, "at", to="ten"), "timeline[0].at: 'ten' is no time. Write 10:00"),
        (changed("timeline", 1, "grid", "says", to={"power": 1}), "timeline[1].grid.says.power: unknown word"),
        (changed("timeline", 1, "loadpoint", to=3), "timeline[1].loadpoint: there is no loadpoint 3"),
        (changed("timeline", 1, "box", to={"refuses": ["all"]}), "timeline[1].box.refuses.all: unknown word"),
        (changed("expect", 0, "offered", to=8), "expect[0].offered: unknown word. Did you mean offered_a?"),
        (changed("expect", 0, "reason", to="no_sun"), "expect[0].reason.no_sun: unknown word"),
        (changed("expect", 0, "offered_a", to={"at_least": 6}), "expect[0].offered_a.at_least: unknown word"),
        (changed("expect", 0, "from", to="10:00"), "expect[0]: say either at, or from and to"),
        (changed("expect", 0, "commands", to=0), "expect[0]: commands is counted from … to"),
        (changed("expect", 1, "to", to="10:00"), "expect[1]: to does not lie after from"),
        (changed("house", "loadpoints", 0, "priority", to="high"), "house.loadpoints[0].priority: 'high' is no int"),
    ],
)
def test_an_unknown_word_is_named_with_its_place(day: dict, told: str):
    with pytest.raises(Unreadable) as caught:
        parse(day)
    assert str(caught.value).startswith(told)


def test_the_file_is_named_too(tmp_path: Path):
    path = tmp_path / "wrong.yaml"
    path.write_text("title: a day\nhouse: {loadpoint: []}\n")
    with pytest.raises(Unreadable, match=r"wrong\.yaml: house\.loadpoint: unknown word"):
        read(path)


def test_a_key_that_is_said_twice_is_refused(tmp_path: Path):
    path = tmp_path / "twice.yaml"
    path.write_text("title: a day\ntitle: another\n")
    with pytest.raises(Unreadable, match=r"twice\.yaml: line 2: title is said twice"):
        read(path)


def test_off_is_a_mode_and_a_time_is_a_time_without_quotes(tmp_path: Path):
    path = tmp_path / "plain.yaml"
    path.write_text("title: a day\nhouse: {loadpoints: [{mode: off}]}\ntimeline: [{at: 10:00, pv_w: 0}]\n")
    scenario = read(path)
    assert scenario.settings.loadpoints[0].mode is Mode.OFF
    assert scenario.start.hour == 10
