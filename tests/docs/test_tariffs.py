"""The page on tariffs names each provider of the library, how it is proven, and each of its parameters."""

import re
from pathlib import Path

from evcc_flask.tariffs.demo import TEMPLATES
from evcc_flask.tariffs.library import rows

PAGE = (Path(__file__).parents[2] / "docs" / "tariffs.rst").read_text("utf-8")
PROOFS = {"capture": "captured", "documented": "documented", "unproven": "unproven"}
ROW = re.compile(r"^``([\w-]+)``(.*)\b(captured|documented|unproven)$", re.MULTILINE)


def test_the_table_lists_every_provider_and_how_it_is_proven():
    assert {name: proof for name, _, proof in ROW.findall(PAGE)} == {
        name: PROOFS[row["proof"]] for name, row in rows().items()
    }


def test_every_parameter_of_a_provider_is_named():
    missing = [
        f"{name}: {word}" for name, row in rows().items() for word in row["parameters"] if f"``{word}``" not in PAGE
    ]
    assert missing == []


def test_every_made_up_day_is_named():
    assert [name for name in TEMPLATES if f"``{name}``" not in PAGE] == []
