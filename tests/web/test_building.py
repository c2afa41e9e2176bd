"""When the dashboard is built, and of what."""

import importlib.util
import shutil
import subprocess
from pathlib import Path

import pytest

TOP = Path(__file__).parents[2]


@pytest.fixture
def building(tmp_path):
    """The builder over a dashboard of one file; what it would ask of npm stands in ``asked``."""
    source = tmp_path / "dashboard"
    (source / "src").mkdir(parents=True)
    shutil.copy(TOP / "dashboard" / "building.py", source)
    (source / "src" / "main.ts").write_text("1")
    (source / "package-lock.json").write_text("{}")
    spec = importlib.util.spec_from_file_location("building", source / "building.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    module.asked = []

    def npm(*words):
        module.asked.append(words[0])
        (source / "node_modules").mkdir(exist_ok=True)
        module.BUILT.mkdir(parents=True, exist_ok=True)

    module.npm = npm
    return module


def test_what_was_built_of_the_same_sources_is_left_alone(building):
    building.build()
    assert building.asked == ["ci", "run"]
    building.build()
    assert building.asked == ["ci", "run"]


def test_a_changed_source_is_built_again_without_installing_again(building):
    building.build()
    (building.SOURCE / "src" / "main.ts").write_text("2")
    assert not building.is_current()
    building.build()
    assert building.asked == ["ci", "run", "run"]


def test_what_a_distribution_brings_along_needs_no_node(building):
    building.build()
    shutil.rmtree(building.SOURCE / "node_modules")
    assert building.is_current()


def test_the_types_are_those_of_the_document_that_we_serve(tmp_path):
    made = tmp_path / "schema.d.ts"
    subprocess.run([TOP / "script" / "types", made], check=True, timeout=120)
    kept = TOP / "dashboard" / "src" / "api" / "schema.d.ts"
    assert made.read_text() == kept.read_text(), "run script/types"


def test_the_lock_names_no_registry():
    assert '"resolved"' not in (TOP / "dashboard" / "package-lock.json").read_text()


def test_no_component_is_long():
    lengths = {
        str(file.relative_to(TOP)): len(file.read_text().splitlines())
        for file in (TOP / "dashboard" / "src").rglob("*.vue")
    }
    assert {file: length for file, length in lengths.items() if length > 300} == {}
