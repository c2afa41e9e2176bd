"""A hems section with mistakes at the real construction: told, and limited."""

import pytest

from evcc_flask.clock import SystemClock
from evcc_flask.config.load import load
from evcc_flask.construction import build_house
from evcc_flask.integrations.hems import Hems

HOUSE = """
hems: {section}
meters: [{{name: grid, type: custom, power: {{source: const, value: 0}}}}]
site: {{meters: {{grid: grid}}}}
"""


def built(tmp_path, section):
    (tmp_path / "evcc.yaml").write_text(HOUSE.format(section=section), "utf-8")
    made = build_house(load(tmp_path / "evcc.yaml", {}), SystemClock())
    made.field.close()
    return made


@pytest.mark.parametrize("section", ["{type: eebus}", "{type: relay}", "{type: relay, limit: {source: nothing}}"])
def test_a_section_with_mistakes_is_told_and_leaves_4200_w(tmp_path, section):
    made = built(tmp_path, section)
    assert [issue.kind for issue in made.issues if issue.fatal and issue.kind == "hems"] == ["hems"]
    assert made.house.snapshot(()).grid_order.limit_w == 4200


def test_a_section_that_is_right_is_read(tmp_path):
    made = built(tmp_path, "{type: relay, limit: {source: const, value: 'true'}}")
    assert isinstance(made.house.grid_operator, Hems)
    assert made.house.snapshot(()).grid_order.limit_w == 4200
    assert not [issue for issue in made.issues if issue.kind == "hems"]
