"""Devices that nothing refers to are checked as the others are, and touch no line."""

import textwrap
from pathlib import Path

import pytest

from evcc_flask.bus.bus import Bus
from evcc_flask.clock import SystemClock
from evcc_flask.config.load import load
from evcc_flask.construction import Built, build_house

HOUSE = """\
    site: {meters: {grid: grid}}
    meters:
    - {name: grid, type: template, template: eastron-sdm630, usage: grid, device: /dev/ttyUSB0, baudrate: 9600, id: 1}
"""
OTHER_SPEED = """\
    - {name: old, type: template, template: eastron-sdm630, usage: pv, device: /dev/ttyUSB0, baudrate: 19200, id: 1}
"""


@pytest.fixture
def built(tmp_path: Path):
    """Builds the house and says what is wrong with the file."""

    def build(text: str) -> tuple[Built, list[str]]:
        file = tmp_path / "evcc.yaml"
        file.write_text(textwrap.dedent(text))
        house = build_house(load(file, {}), clock := SystemClock(), Bus(clock))
        return house, [("" if issue.fatal else "note: ") + str(issue) for issue in house.issues]

    return build


def test_each_mistake_of_an_unused_device_is_told_with_those_of_the_used_ones(built):
    _, told = built("""\
        site: {meters: {grid: grid}}
        loadpoints: [{charger: box}]
        meters:
        - {name: grid, type: custom, power: {source: const, value: 1, valeu: 2}}
        - {name: roof, type: custom, powr: {source: const, value: 1}, power: {source: const, value: 1}}
        chargers:
        - {name: box, type: template, template: demo-charger}
        - {name: spare, type: template, template: demo-charger, statsu: A}
        """)
    assert [line.partition(". ")[0] for line in told] == [
        "evcc.yaml:4: meters[0].power.valeu: is not a known setting",
        "evcc.yaml:5: meters[1].powr: is not a known setting",
        "evcc.yaml:8: chargers[1].statsu: is not a known setting",
    ]


def test_an_unused_device_is_no_part_of_the_house_and_contradicts_nobody(built):
    house, told = built(HOUSE + OTHER_SPEED)
    assert told == []
    assert list(house.meters) == ["grid"]
    assert [link["name"] for link in house.field.links()] == ["/dev/ttyUSB0"]


def test_an_unused_device_that_is_not_known_here_stops_nothing(built):
    _, told = built(HOUSE + "    - {name: rare, type: template, template: rarest-of-all}\n")
    assert [line[:45] for line in told] == ["note: evcc.yaml:4: meters[1].template: 'rares"]


def test_a_meter_without_use_needs_no_usage(built):
    _, told = built("meters: [{name: grid, type: template, template: demo-meter, power: 200}]")
    assert told == []


def test_evccs_demo_meter_may_say_what_evcc_could_do_with_it(built):
    _, told = built("""\
        site: {meters: {pv: pv}}
        meters:
        - {name: pv, type: template, template: demo-meter, power: 0, curtailable: true, dimmable: true}
        """)
    assert told == []
