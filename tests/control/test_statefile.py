"""The state as a file: whole at any time, never an older one, and none where it cannot be written."""

import gzip
import json
import threading
from pathlib import Path
from typing import Any

import pytest

from evcc_flask.control.state import Published
from evcc_flask.control.statefile import StateFile


def state(version: int, **values: Any) -> Published:
    bare = json.dumps(values).encode()
    return Published(version, values, bare, b'{"result":' + bare + b"}", f'"{version}"')


@pytest.fixture
def left(tmp_path: Path) -> StateFile:
    return StateFile(tmp_path, lambda published: published.body)


def test_both_files_hold_the_answer_for_everybody_to_read(left: StateFile, tmp_path: Path) -> None:
    left.write(state(1, power=7))
    assert (tmp_path / "state.json").read_bytes() == b'{"result":{"power": 7}}'
    assert gzip.decompress((tmp_path / "state.json.gz").read_bytes()) == b'{"result":{"power": 7}}'
    assert {file.stat().st_mode & 0o777 for file in tmp_path.iterdir()} == {0o644}
    assert sorted(file.name for file in tmp_path.iterdir()) == ["state.json", "state.json.gz"]


def test_an_older_state_does_not_replace_a_newer_one(left: StateFile, tmp_path: Path) -> None:
    left.write(state(2, power=2))
    left.write(state(1, power=1))
    assert b"2" in (tmp_path / "state.json").read_bytes()


def test_states_of_one_length_have_different_times_and_equal_ones_the_same(left: StateFile, tmp_path: Path) -> None:
    times = []
    for version, power in enumerate((1, 2, 1)):
        left.write(state(version, power=power))
        times += [int((tmp_path / name).stat().st_mtime) for name in ("state.json", "state.json.gz")]
    assert times[0] == times[1] == times[4] == times[5] != times[2] == times[3]


def test_a_reader_never_sees_half_a_state(left: StateFile, tmp_path: Path) -> None:
    left.write(state(0, text=""))
    ended = threading.Event()

    def write() -> None:
        for version in range(1, 300):
            left.write(state(version, text=str(version) * 5000))
        ended.set()

    writer = threading.Thread(target=write)
    writer.start()
    while not ended.is_set():
        json.loads((tmp_path / "state.json").read_bytes())
        gzip.decompress((tmp_path / "state.json.gz").read_bytes())
    writer.join()


def test_what_cannot_be_written_is_taken_away_and_said_once(
    left: StateFile, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    left.write(state(1, power=1))
    (tmp_path / "state.json.new").mkdir()
    for version in (2, 3):
        left.write(state(version, power=version))
    assert [file.name for file in tmp_path.glob("state.json*")] == ["state.json.new"]
    assert len(caplog.records) == 1
    (tmp_path / "state.json.new").rmdir()
    left.write(state(4, power=4))
    assert b"4" in (tmp_path / "state.json").read_bytes()


def test_after_the_end_nothing_is_left_and_nothing_comes(left: StateFile, tmp_path: Path) -> None:
    left.write(state(1, power=1))
    left.end()
    left.write(state(2, power=2))
    assert not list(tmp_path.iterdir())
