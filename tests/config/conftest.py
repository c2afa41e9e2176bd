"""An evcc.yaml as a string becomes a configuration, and its issues the lines that a person reads."""

from collections.abc import Callable
from pathlib import Path
from textwrap import dedent

import pytest

from evcc_flask.config.load import load
from evcc_flask.config.model import Configuration

HOUSE = """
meters:
- name: grid
  type: custom
- name: pv
  type: custom
chargers:
- name: wallbox
  type: custom
site:
  meters:
    grid: grid
    pv: pv
loadpoints:
- charger: wallbox
"""


@pytest.fixture
def read(tmp_path: Path) -> Callable[..., Configuration]:
    def read(text: str, own: str | None = None, **environ: str) -> Configuration:
        (tmp_path / "evcc.yaml").write_text(dedent(text), "utf-8")
        if own is not None:
            (tmp_path / "evcc-flask.yaml").write_text(dedent(own), "utf-8")
        return load(tmp_path / "evcc.yaml", environ)

    return read


@pytest.fixture
def issues(read: Callable[..., Configuration]) -> Callable[..., list[str]]:
    """Each issue as it is printed; ``note:`` before those that stop nothing."""

    def issues(text: str, own: str | None = None, **environ: str) -> list[str]:
        found = read(text, own, **environ).issues
        return [str(issue) if issue.fatal else f"note: {issue}" for issue in found]

    return issues


@pytest.fixture
def house() -> str:
    """A small house without a fault."""
    return HOUSE
