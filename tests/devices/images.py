"""The captured (or built) answers of devices in ``tests/fixtures``, and what should be read from them."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

FOLDER = Path(__file__).parents[1] / "fixtures"


def described(name: str) -> Mapping[str, Any]:
    """One fixture file."""
    return yaml.safe_load((FOLDER / f"{name}.yaml").read_text("utf-8"))


def words(fixture: Mapping[str, Any]) -> dict[str, dict[int, int]]:
    """The words of a Modbus fixture, table by table, address by address."""
    tables: dict[str, dict[int, int]] = {}
    for table in ("coil", "discrete", "holding", "input"):
        for address, text in fixture.get(table, {}).items():
            for place, word in enumerate(text.split()):
                tables.setdefault(table, {})[address + place] = int(word, 16)
    return tables
