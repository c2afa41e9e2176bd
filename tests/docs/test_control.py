"""The page about control names every reason and every figure as the code has them."""

from pathlib import Path

import pytest

from evcc_flask.domain import figures
from evcc_flask.domain.reasons import Code

PAGE = (Path(__file__).parents[2] / "docs" / "control.rst").read_text()
FIGURES = {name: value for name, value in vars(figures).items() if name.isupper()}


@pytest.mark.parametrize("code", Code)
def test_every_reason_is_explained(code):
    assert f"``{code.value}``" in PAGE


@pytest.mark.parametrize("name", FIGURES)
def test_every_figure_stands_there_with_its_value(name):
    value = FIGURES[name]
    spelled = ", ".join(f"{each:g}" for each in value) if isinstance(value, tuple) else f"{value:g}"
    (row,) = [line for line in PAGE.splitlines() if line.startswith(f"``{name}`` ")]
    assert row.removeprefix(f"``{name}``").strip().startswith(spelled), row


def test_no_figure_is_left_over():
    named = {
        line.split("``")[1] for line in PAGE.splitlines() if line.startswith("``") and line.split("``")[1].isupper()
    }
    assert named == set(FIGURES)
