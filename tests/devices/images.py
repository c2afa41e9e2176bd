"""The answers of devices in ``tests/fixtures``, and what should be read from them.

Beside the images that were built from the tables stand those in ``real/``: what a device was seen to answer, or its
maker or another project published. ``source`` names where it is from, ``proof`` what it is (capture, manual, test
data). ``filled`` are registers that the source does not show; nothing is asserted of them.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

FOLDER = Path(__file__).parents[1] / "fixtures"
NAMES = sorted(
    str(file.relative_to(FOLDER).with_suffix(""))
    for file in FOLDER.rglob("*.yaml")
    if file.read_text("utf-8").startswith("device:")
)
TABLES = ("coil", "discrete", "holding", "input")


def described(name: str) -> Mapping[str, Any]:
    """One fixture file."""
    return yaml.safe_load((FOLDER / f"{name}.yaml").read_text("utf-8"))


def words(fixture: Mapping[str, Any]) -> dict[str, dict[int, int]]:
    """The words of a Modbus fixture, table by table, address by address."""
    tables: dict[str, dict[int, int]] = {}
    for part in (fixture.get("filled", {}), fixture):
        for table in TABLES:
            for address, text in part.get(table, {}).items():
                for place, word in enumerate(text.split()):
                    tables.setdefault(table, {})[address + place] = int(word, 16)
    return tables
