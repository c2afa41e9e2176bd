"""Reads YAML as evcc does, and remembers where everything stands, so that a problem can be shown by its line.

Built on PyYAML's events instead of its loader: no recursion that a hostile file could exhaust, aliases are counted
before they multiply, and plain words follow YAML 1.2 (``off``, ``on``, ``yes``, ``no`` and dates stay text). Keys are
lower-cased at every level. A number whose spelling would be lost (``0123``, ``1.10``, ``1e5``) stays text as well: the
schemas make numbers of it where one is wanted, and a PIN keeps its zero.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import yaml

from evcc_flask.domain.issues import Issue

from .model import Place

MAX_BYTES = 1 << 20
MAX_NODES = 50_000
MAX_DEPTH = 50
_WORDS = {"": None, "~": None, "null": None, "true": True, "false": False}
_WHOLE = re.compile(r"[-+]?(?:0|[1-9](?:_?[0-9])*)")
_HEX_OCTAL = re.compile(r"0x[0-9a-fA-F]+|0o[0-7]+")
_FLOAT = re.compile(r"[-+]?[0-9]*\.?[0-9]+")
_PORT = re.compile(r"\bport['\"]?\s*:\s*([0-9]{1,5})\b", re.IGNORECASE)
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(slots=True)
class Tree:
    """``root``: plain dicts, lists and scalars. ``places``: by path in lower case, like ``chargers[0].baudrate``.

    ``issues``: each with the path that it concerns, empty where that is the whole file.
    """

    root: dict[str, Any] = field(default_factory=dict)
    places: dict[str, Place] = field(default_factory=dict)
    issues: list[tuple[str, Issue]] = field(default_factory=list)


class _Broken(Exception):
    """The file cannot be read any further: why, and in which 1-based line."""

    def __init__(self, message: str, line: int | None = None) -> None:
        super().__init__(message)
        self.line = line


@dataclass(slots=True)
class _Node:
    """``content``: a scalar's value, a list of nodes, or a list of pairs of nodes; ``text``: a scalar as written."""

    line: int
    content: Any = None
    text: str | None = None
    pairs: list[tuple["_Node", "_Node"]] | None = None
    items: list["_Node"] | None = None


def parse(data: bytes, file: str) -> Tree:
    """The tree of a file's content; what is wrong with it becomes issues that name ``file``, never an exception."""
    tree = Tree()
    try:
        node = _composed(_decoded(data))
        if node is not None and node.pairs is None and node.content is not None:
            raise _Broken("the file must hold 'key: value' lines at its top", node.line)
        if node is not None and node.pairs is not None:
            tree.root = _Builder(tree, file).value(node, "", "", 0)
    except _Broken as error:
        tree.issues.append(("", Issue("configfile", f"failed parsing config file: {error}.", file, error.line)))
        # Who comes to read what is broken comes to the usual address.
        if (port := _port(data.decode("utf-8", "replace"))) is not None:
            tree.root = {"network": {"port": port}}
    return tree


def _port(text: str) -> int | None:
    """What stands below ``network`` in a file that is broken elsewhere."""
    inside = False
    for line in text.splitlines():
        if line[:1] not in ("", " ", "\t", "#"):
            inside = line.lower().startswith("network")
        if inside and (found := _PORT.search(line.partition("#")[0])):
            return int(found[1])
    return None


def _decoded(data: bytes) -> str:
    if len(data) > MAX_BYTES:
        raise _Broken(f"it is larger than {MAX_BYTES >> 20} MiB")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise _Broken(f"byte 0x{data[error.start]:02x} is not UTF-8; save the file as UTF-8", line) from None


def _composed(text: str) -> _Node | None:
    events = _events(text)
    open_nodes: list[tuple[_Node, list[_Node], str | None]] = []
    anchors: dict[str, _Node] = {}
    root: _Node | None = None
    documents = 0
    for event in events:
        line = event.start_mark.line + 1
        if isinstance(event, yaml.DocumentStartEvent):
            documents += 1
            if documents > 1:
                raise _Broken("a second document ('---') begins here; evcc reads one only", line)
            continue
        if isinstance(event, yaml.CollectionStartEvent):
            if len(open_nodes) >= MAX_DEPTH:
                raise _Broken(f"nested deeper than {MAX_DEPTH} levels", line)
            open_nodes.append((_Node(line), [], event.anchor))
            if isinstance(event, yaml.MappingStartEvent):
                open_nodes[-1][0].pairs = []
            continue
        if isinstance(event, yaml.CollectionEndEvent):
            node, children, anchor = open_nodes.pop()
            if node.pairs is None:
                node.items = children
            else:
                node.pairs = list(zip(children[::2], children[1::2], strict=True))
            node.content = children
        elif isinstance(event, yaml.ScalarEvent):
            plain = event.implicit[0] and event.tag is None
            node = _Node(line, resolved(event.value) if plain else event.value, event.value)
            anchor = event.anchor
        elif isinstance(event, yaml.AliasEvent):
            if event.anchor not in anchors:
                raise _Broken(f"the alias '*{event.anchor}' names no anchor before it", line)
            node, anchor = anchors[event.anchor], None
        else:
            continue
        if anchor is not None:
            anchors[anchor] = node
        if open_nodes:
            open_nodes[-1][1].append(node)
        else:
            root = node
    return root


def _events(text: str) -> Iterator[Any]:
    try:
        yield from yaml.parse(text, Loader=_LOADER)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        problem = error.problem or error.context or "not YAML"
        if mark is None:
            raise _Broken(problem) from None
        raise _Broken(_friendly(problem, _rest(text, mark.line, mark.column)), mark.line + 1) from None
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        raise _Broken("a control character; delete it", line) from None


def _rest(text: str, line: int, column: int) -> str:
    lines = text.splitlines()
    return lines[line][column:] if line < len(lines) else ""


def _friendly(problem: str, rest: str) -> str:
    if rest.startswith("\t"):
        return "a tab indents this line; use spaces"
    if rest[:1] in {"@", "%", "`"}:
        return f"a text that begins with {rest[:1]!r} must stand in quotes"
    if "mapping values are not allowed" in problem:
        return "a second 'key:' on the same line, or a wrong indent; put a text with ': ' in quotes"
    return problem


def resolved(text: str) -> Any:
    """What a plain word means: null, true, false, a number, or itself."""
    if text.lower() in _WORDS and text in {text.lower(), text.capitalize(), text.upper()}:
        return _WORDS[text.lower()]
    if _WHOLE.fullmatch(text):
        return int(text) if len(text) < 20 else text
    if _HEX_OCTAL.fullmatch(text):
        return int(text, 0)
    if _FLOAT.fullmatch(text) and str(float(text)) == text:
        return float(text)
    return text


class _Builder:
    """Turns nodes into values; every use of an alias counts anew, so that a few lines cannot become a billion."""

    def __init__(self, tree: Tree, file: str) -> None:
        self._tree = tree
        self._file = file
        self._count = 0

    def value(self, node: _Node, path: str, key: str, depth: int) -> Any:
        self._count += 1
        if self._count > MAX_NODES or depth > MAX_DEPTH:
            raise _Broken("its aliases multiply beyond all measure", node.line)
        if node.items is not None:
            if all(item.pairs is not None and len(item.pairs) == 1 for item in node.items):
                for item in node.items:
                    self.value(item, path, key, depth + 1)  # such a list may stand for a map: known by both paths
            return [self._item(item, f"{path}[{i}]", f"{key}[{i}]", depth) for i, item in enumerate(node.items)]
        if node.pairs is not None:
            return self._map(node, path, key, depth)
        return node.content

    def _item(self, node: _Node, path: str, key: str, depth: int) -> Any:
        self._tree.places[path] = Place(self._file, node.line, key)
        return self.value(node, path, key, depth + 1)

    def _map(self, node: _Node, path: str, key: str, depth: int) -> dict[str, Any]:
        values: dict[str, Any] = {}
        merged: dict[str, Any] = {}
        lines: dict[str, int] = {}
        for name, content in node.pairs or ():
            if name.text is None:
                raise _Broken("a key must be a word, not a list or a map", name.line)
            word = name.text.strip().lower()
            below, spelled = (f"{path}.{word}", f"{key}.{name.text}") if path else (word, name.text)
            if word == "<<":
                merged = self._merged(content, path, key, depth) | merged
                continue
            if word in lines:
                message = f"is set twice, first in line {lines[word]}."
                issue = Issue("configfile", message, self._file, name.line, spelled, remedy="Delete one of the two.")
                self._tree.issues.append((below, issue))
                continue
            lines[word] = name.line
            self._tree.places[below] = Place(self._file, name.line, spelled)
            values[word] = self.value(content, below, spelled, depth + 1)
        return merged | values

    def _merged(self, node: _Node, path: str, key: str, depth: int) -> dict[str, Any]:
        if node.items is not None:
            parts = [self._merged(item, path, key, depth + 1) for item in reversed(node.items)]
            return {name: value for part in parts for name, value in part.items()}
        if node.pairs is None:
            raise _Broken("'<<' merges maps only", node.line)
        places = dict(self._tree.places)
        values: dict[str, Any] = self.value(node, path, key, depth + 1)
        self._tree.places |= places
        return values
