"""What the log tells of decisions: each cause of weight once when it begins, and once when it ends."""

import logging

import pytest

from evcc_flask.control.logbook import WEIGHTY, Logbook, spoken
from evcc_flask.control.said import SENTENCES, said
from evcc_flask.domain.commands import Disable, Enable, OfferCurrent, SetBatteryMode, SwitchPhases, WakeUp
from evcc_flask.domain.decision import CircuitDecision, Decision, LoadpointDecision, SiteDecision
from evcc_flask.domain.memory import Memory
from evcc_flask.domain.reasons import Code, because
from evcc_flask.domain.settings import LoadpointSettings, Settings
from evcc_flask.domain.words import BatteryMode, Mode, Status
from tests.control.scene import Scene


@pytest.fixture
def logbook(caplog):
    caplog.set_level(logging.INFO, "site")
    return Logbook()


def decided(*reasons, overloaded=False, offered_a=0.0):
    circuit = CircuitDecision(None, (41.0, 12.0, 3.0), overloaded, 35.0)
    boxes = (LoadpointDecision(), LoadpointDecision(reasons=reasons, offered_a=offered_a))
    return Decision((), Memory(), SiteDecision(circuits={"main": circuit}), boxes)


def test_a_cause_of_weight_is_one_line_when_it_begins_and_one_when_it_ends(logbook, caplog):
    for repeated in (0, 1, 2):
        logbook.follow(decided(because(Code.DOES_NOT_OBEY, command="disable", repeated=repeated)), 10.0 * repeated)
    logbook.follow(decided(because(Code.MODE_OFF)), 30.0)
    logbook.follow(decided(because(Code.SOMEBODY_ELSE, reported_a=16.0, told_a=6.0)), 40.0)
    assert caplog.messages == [
        "loadpoint 2: the wallbox does not do what it is told (disable)",
        "loadpoint 2: no longer: the wallbox does not do what it is told (disable)",
        "loadpoint 2: somebody else controls the wallbox: told 6 A, it says 16 A",
    ]
    assert [record.levelname for record in caplog.records] == ["WARNING", "INFO", "WARNING"]


def test_a_box_that_was_told_again_and_has_its_time_to_follow_is_not_yet_said_to_obey(logbook, caplog):
    for code, second in ((Code.DOES_NOT_OBEY, 0.0), (Code.SETTLES, 10.0), (Code.DOES_NOT_OBEY, 70.0)):
        logbook.follow(decided(because(code)), second)
    assert caplog.messages == ["loadpoint 2: the wallbox does not do what it is told"]
    logbook.follow(decided(because(Code.SETTLES)), 80.0)
    logbook.follow(decided(), 90.0)
    assert caplog.messages[1:] == ["loadpoint 2: no longer: the wallbox does not do what it is told"]


@pytest.mark.parametrize("code", sorted(WEIGHTY, key=lambda code: code.value))
def test_every_cause_of_weight_is_a_sentence(code):
    assert code in SENTENCES
    assert code.value not in SENTENCES[code]


def test_a_reason_whose_facts_are_not_known_tells_what_is_known():
    assert said(because(Code.GRID_STUCK, caused_w=11040)) == "the grid meter repeats one value although 11040 W changed"
    assert said(because(Code.GRID_STUCK)) == "grid stuck"
    assert said(because(Code.DIMMED, limit_w=4200.0)) == "dimmed (limit 4200 W)"


def test_everyday_reasons_are_no_lines(logbook, caplog):
    logbook.follow(
        decided(because(Code.WAITS_FOR_SUN, missing_w=400), because(Code.LIMITED_BY_CIRCUIT, circuit="main")), 0.0
    )
    assert caplog.messages == []


def test_an_overload_is_told_with_its_circuit_and_what_is_cut(logbook, caplog):
    cut = because(Code.LIMITED_BY_CIRCUIT, circuit="main", allowed_a=10.0)
    logbook.follow(decided(cut, overloaded=True, offered_a=10.0), 0.0)
    logbook.follow(decided(cut, overloaded=True, offered_a=10.0), 10.0)
    logbook.follow(decided(cut), 20.0)
    logbook.follow(decided(overloaded=True), 60.0)
    assert caplog.messages == [
        "circuit 'main': overload: 41.0 A of 35 A; cut loadpoint 2 to 10 A",
        "circuit 'main': overload is over",
        "circuit 'main': overload: 41.0 A of 35 A; no loadpoint is cut",
    ]


def test_what_comes_and_goes_begins_once_a_minute(logbook, caplog):
    missing = because(Code.CIRCUIT_METER_MISSING, circuit="main")
    for cycle in range(66):
        logbook.follow(decided(missing) if cycle % 2 == 0 else decided(), 10.0 * cycle)
    begun = [line for line in caplog.messages if "no longer" not in line]
    assert len(begun) == 11
    assert len(caplog.messages) == 22


def test_what_is_there_again_too_soon_and_stays_is_told_after_its_minute(logbook, caplog):
    missing = because(Code.CIRCUIT_METER_MISSING, circuit="main")
    for second, there in ((0, True), (10, False), (20, True), (50, True), (60, True), (70, True), (300, False)):
        logbook.follow(decided(missing) if there else decided(), float(second))
    silent = "stopped, as the meter of circuit main is silent"
    told = [f"loadpoint 2: {silent}", f"loadpoint 2: no longer: {silent}"]
    assert caplog.messages == told * 2


@pytest.mark.parametrize(
    ("command", "words"),
    [
        (OfferCurrent(0, 6.5), "loadpoint 1: 6.5 A"),
        (Enable(1), "loadpoint 2: enable"),
        (Disable(0), "loadpoint 1: disable"),
        (SwitchPhases(0, 3), "loadpoint 1: 3 phases"),
        (WakeUp(0), "loadpoint 1: wake the car by the box"),
        (SetBatteryMode(0, BatteryMode.HOLD), "battery 1: hold"),
    ],
)
def test_commands_are_spoken_with_loadpoints_from_one(command, words):
    assert spoken(command) == words


def test_a_box_that_charges_in_off_is_in_the_log_of_the_loop(caplog):
    caplog.set_level(logging.DEBUG, "site")
    scene = Scene(settings=Settings(loadpoints=(LoadpointSettings("Carport", Mode.OFF),)))
    scene.run(2)
    scene.box.status, scene.box.enabled = Status.C, True
    scene.run(10)
    assert "send loadpoint 1: disable" in caplog.messages
    assert any(line.startswith("loadpoint 1: the wallbox does not do what") for line in caplog.messages)
