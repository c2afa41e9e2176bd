"""What we serve and document, held against the contract: its paths, names, values and answers."""

import importlib.util
import re
from pathlib import Path

import pytest

_spec = importlib.util.spec_from_file_location("contract", Path(__file__).with_name("contract.py"))
kept = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(kept)

CONTRACT = kept.contract()
THEIRS = {name: (path, method, operation) for name, path, method, operation in kept.operations(CONTRACT)}


@pytest.fixture(scope="module")
def document(tmp_path_factory):
    spec = importlib.util.spec_from_file_location("house", Path(__file__).with_name("conftest.py"))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    house = module.House(tmp_path_factory.mktemp("contract") / "evcc.db")
    yield house.app().test_client().get("/api/openapi.json").json
    house.database.close()


@pytest.fixture(scope="module")
def ours(document):
    return {name: (path, method, operation) for name, path, method, operation in kept.operations(document)}


def test_every_operation_of_the_contract_is_served_and_no_other_that_is_not_said(ours):
    served = {name: where[:2] for name, where in ours.items()}
    theirs = {name: where[:2] for name, where in THEIRS.items()}
    beyond = kept.OVERLAY["beyond"]
    assert {name: where for name, where in served.items() if name not in beyond} == theirs
    assert beyond.keys() <= served.keys()


@pytest.mark.parametrize("name", THEIRS)
def test_an_operation_takes_and_answers_what_the_contract_says(ours, document, name):
    assert kept.shape(ours[name][2], document) == kept.shape(THEIRS[name][2], CONTRACT)


def test_every_operation_has_the_contracts_tag_and_a_sentence(ours):
    for name, (_, _, operation) in ours.items():
        if name in THEIRS:
            assert operation["tags"] == THEIRS[name][2]["tags"]
        assert operation["summary"].endswith(".")


def test_every_difference_has_its_reason():
    entries = kept.OVERLAY["differences"]
    assert all(len(entry["why"]) > 20 for entry in entries)
    assert all(len(why) > 20 for why in kept.OVERLAY["beyond"].values())


def test_the_page_about_the_contract_names_each_operation_and_tests_that_exist():
    page = (Path(__file__).parents[2] / "docs" / "contract.rst").read_text()
    tests = "".join(file.read_text() for file in Path(__file__).parent.glob("test_*.py"))
    assert [name for name in THEIRS if f"``{name}``" not in page] == []
    named = re.findall(r"``(test_\w+)``", page)
    assert [name for name in named if f"def {name}(" not in tests] == []
