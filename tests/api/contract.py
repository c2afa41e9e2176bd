"""The contract with our overlay laid over it: every difference between the two is one entry there, with its reason."""

import copy
import json
from pathlib import Path

import yaml

FIXTURES = Path(__file__).parents[1] / "fixtures"
OVERLAY = yaml.safe_load((FIXTURES / "contract-overlay.yaml").read_text())
METHODS = ("get", "put", "post", "delete", "patch")
KEYWORDS = (
    *("minimum", "maximum", "minLength", "maxLength", "maxItems", "pattern", "format", "uniqueItems", "required"),
    "enum",
)


def contract():
    """The contract as we keep it."""
    document = json.loads((FIXTURES / "contract.json").read_text())
    for entry in OVERLAY["differences"]:
        for pointer in [entry["at"]] if isinstance(entry["at"], str) else entry["at"]:
            for node in _nodes(document, pointer):
                _merge(node, entry.get("set", {}))
                for key, more in entry.get("append", {}).items():
                    node[key] = node.get(key, []) + copy.deepcopy(more)
    return document


def operations(document):
    """Of each operation: id, path below /api, method, and itself with all its parameters."""
    for path, methods in document["paths"].items():
        shared = methods.get("parameters", [])
        for method, operation in methods.items():
            if method in METHODS:
                whole = {**operation, "parameters": shared + operation.get("parameters", [])}
                yield operation["operationId"], path.removeprefix("/api"), method, whole


def shape(operation, document):
    """What binds of an operation: parameters, body, successful answers; no words."""
    parameters = (resolved(each, document) for each in operation["parameters"])
    body = resolved(operation.get("requestBody", {}), document)
    return {
        "parameters": {
            f"{each['in']} {each['name']}": {
                **schema(each["schema"], document),
                **({"needed": True} if each.get("required") else {}),
            }
            for each in parameters
        },
        "body": _content(body, document),
        "answers": {
            int(status): _content(resolved(answer, document), document)
            for status, answer in operation["responses"].items()
            if str(status).startswith("2")
        },
    }


def schema(node, document):
    """A schema without words and references."""
    node = resolved(node, document)
    for part in node.get("allOf", []):
        node = {**node, "properties": {**node.get("properties", {}), **resolved(part, document).get("properties", {})}}
        node.setdefault("type", "object")
    plain = {key: node[key] for key in KEYWORDS if node.get(key)}
    plain |= {key: node[key] for key in ("minimum", "maximum") if key in node}
    kinds = node.get("type", [])
    kinds = {kinds} if isinstance(kinds, str) else set(kinds)
    kinds |= {"null"} if node.get("nullable") else set()
    if kinds:
        plain["type"] = " or ".join(sorted(kinds))
    for key in ("enum", "required"):
        if key in plain:
            plain[key] = sorted(plain[key], key=str)
    if "items" in node:
        plain["items"] = schema(node["items"], document)
    if node.get("properties"):
        plain["properties"] = {name: schema(each, document) for name, each in node["properties"].items()}
    return plain


def resolved(node, document):
    """Follow references."""
    while "$ref" in node:
        target = document
        for part in node["$ref"].removeprefix("#/").split("/"):
            target = target[part]
        node = {**target, **{key: value for key, value in node.items() if key != "$ref"}}
    return node


def _content(message, document):
    return {kind: schema(each.get("schema", {}), document) for kind, each in message.get("content", {}).items()}


def _nodes(document, pointer):
    if pointer == "every operation":
        return [each for methods in document["paths"].values() for name, each in methods.items() if name in METHODS]
    node = document
    for part in pointer.removeprefix("/").split("/"):
        part = part.replace("~1", "/")
        node = node[int(part)] if isinstance(node, list) else node[part]
    return [node]


def _merge(node, patch):
    """RFC 7396."""
    for key, value in patch.items():
        if value is None:
            node.pop(key, None)
        elif isinstance(value, dict) and isinstance(node.get(key), dict):
            _merge(node[key], value)
        else:
            node[key] = copy.deepcopy(value)
