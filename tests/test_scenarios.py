"""Whole days as data: each file in tests/scenarios is lived through, and held against what it expects."""

from pathlib import Path

import pytest

from evcc_flask.simulation.expect import failures
from evcc_flask.simulation.replay import run
from evcc_flask.simulation.scenario import read

FOLDER = Path(__file__).parent / "scenarios"


@pytest.mark.parametrize("path", sorted(FOLDER.glob("**/*.yaml")), ids=lambda path: path.stem)
def test_the_day_goes_as_expected(path: Path) -> None:
    scenario = read(path)
    found = failures(run(scenario), scenario.expectations)
    assert not found, f"{path.name}: {scenario.title}\n  " + "\n  ".join(found)


def test_there_are_days_to_live_through() -> None:
    assert len(list(FOLDER.glob("**/*.yaml"))) >= 30
