"""What we serve and document, held against the contract: its paths, names, values and answers."""

import json
from pathlib import Path

import pytest

CONTRACT = json.loads((Path(__file__).parents[1] / "fixtures" / "contract.json").read_text())
# Real installations need negative powers; a delay has no lower bound in the contract.
OTHER_BOUNDS = {"power", "threshold", "delay"}


@pytest.fixture(scope="module")
def ours(tmp_path_factory):
    import importlib.util

    spec = importlib.util.spec_from_file_location("house", Path(__file__).with_name("conftest.py"))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    house = module.House(tmp_path_factory.mktemp("contract") / "evcc.db")
    yield house.app().test_client().get("/api/openapi.json").json
    house.database.close()


def resolved(node):
    """Follow the contract's references."""
    while "$ref" in node:
        target = CONTRACT
        for part in node["$ref"].removeprefix("#/").split("/"):
            target = target[part]
        node = target
    return node


def operations(document):
    for path, methods in document["paths"].items():
        shared = methods.get("parameters", [])
        for method, operation in methods.items():
            if method != "parameters":
                yield (
                    path.removeprefix("/api"),
                    method,
                    {**operation, "parameters": shared + operation.get("parameters", [])},
                )


def test_every_documented_operation_is_the_contracts(ours):
    theirs = {operation["operationId"]: (path, method) for path, method, operation in operations(CONTRACT)}
    served = {operation["operationId"]: (path, method) for path, method, operation in operations(ours)}
    assert len(served) == 26
    assert served.items() <= theirs.items()


def test_every_path_parameter_takes_what_the_contract_allows(ours):
    theirs = {operation["operationId"]: operation for _, _, operation in operations(CONTRACT)}
    for _, _, operation in operations(ours):
        wanted = {
            each["name"]: resolved(each["schema"])
            for each in map(resolved, theirs[operation["operationId"]]["parameters"])
        }
        got = {each["name"]: each["schema"] for each in operation["parameters"]}
        assert got.keys() == wanted.keys(), operation["operationId"]
        for name, schema in got.items():
            assert schema["type"] == wanted[name]["type"]
            assert sorted(schema.get("enum", [])) == sorted(wanted[name].get("enum", []))
            if name not in OTHER_BOUNDS:
                bounds = [(one.get("minimum"), one.get("maximum")) for one in (schema, wanted[name])]
                assert bounds[0] == bounds[1], (operation["operationId"], name)


def test_every_operation_has_the_contracts_tag_and_a_sentence(ours):
    theirs = {operation["operationId"]: operation for _, _, operation in operations(CONTRACT)}
    for _, _, operation in operations(ours):
        assert operation["tags"] == theirs[operation["operationId"]]["tags"]
        assert operation["summary"].endswith(".")
