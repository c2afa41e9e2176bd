"""XML answers as JSON: tags are keys, attributes keys with ``attr`` in front, text beside them ``#content``."""

from typing import Any
from xml.etree import ElementTree

from .values import bad


def looks_like_xml(text: str) -> bool:
    """Whether the answer is an XML document, not a web page."""
    head = text.lstrip("\ufeff \t\r\n")[:200].lower()
    return head.startswith("<?xml") or (head.startswith("<") and "<html" not in head and "<!doctype" not in head)


def as_tree(text: str) -> dict[str, Any]:
    """The document as maps, lists and texts. Raises ReadError where it is not well-formed or defines entities."""
    if "<!ENTITY" in text.upper():
        raise bad("the answer defines XML entities; that is not read")
    try:
        root = ElementTree.fromstring(text.lstrip("\ufeff \t\r\n"))
    except ElementTree.ParseError as error:
        raise bad(f"the answer is no proper XML: {error}") from None
    return {_tag(root): _branch(root)}


def _branch(element: ElementTree.Element) -> Any:
    tree: dict[str, Any] = {f"attr{key.rpartition('}')[2]}": value for key, value in element.attrib.items()}
    for child in element:
        tag, branch = _tag(child), _branch(child)
        if tag not in tree:
            tree[tag] = branch
        elif isinstance(tree[tag], list):
            tree[tag].append(branch)
        else:
            tree[tag] = [tree[tag], branch]
    text = (element.text or "").strip()
    if not tree:
        return text
    if text:
        tree["#content"] = text
    return tree


def _tag(element: ElementTree.Element) -> str:
    return element.tag.rpartition("}")[2]
