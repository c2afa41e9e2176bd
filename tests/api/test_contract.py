"""What we serve and document, held against the contract: its paths, names, values and answers."""

import importlib.util
from pathlib import Path

import pytest

_spec = importlib.util.spec_from_file_location("contract", Path(__file__).with_name("contract.py"))
kept = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(kept)

CONTRACT = kept.contract()
THEIRS = {name: (path, method, operation) for name, path, method, operation in kept.operations(CONTRACT)}
LATER = {"getSystemLogs", "getLogAreas"}


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
    missing = theirs.keys() - served.keys()
    assert missing <= LATER
    assert {name: where for name, where in served.items() if name not in beyond} == {
        name: where for name, where in theirs.items() if name not in missing
    }
    assert beyond.keys() <= served.keys()


@pytest.mark.parametrize("name", THEIRS)
def test_an_operation_takes_and_answers_what_the_contract_says(ours, document, name):
    if name in LATER - ours.keys():
        pytest.skip("not served yet")
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
