"""What an answer runs through before it is a value: XML, regex, jq, unpack, decode, in this order."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from evcc_flask.bus.decode import KINDS, decode
from evcc_flask.domain.issues import Misconfigured
from evcc_flask.jq.filters import Filter, FilterError, compile_filter

from .fields import Flag, Loose, Number, Text
from .ports import Value
from .problems import Problems
from .values import ASLEEP, Kind, bad, parse, shown
from .xml import as_tree, looks_like_xml


class PipelineSchema(Loose):
    """The keys that http, const and script share."""

    allowempty = Flag(load_default=False)
    regex = Text(load_default="")
    default = Text(load_default=None)
    jq = Text(load_default="")
    quote = Flag(load_default=False)
    unpack = Text(load_default="")
    decode = Text(load_default="")
    scale = Number(load_default=1.0)


@dataclass(frozen=True)
class Pipeline:
    """The steps of one getter; ``run`` gives the value of an answer."""

    kind: Kind
    allow_empty: bool = False
    regex: re.Pattern[str] | None = None
    default: str | None = None
    jq: Filter | None = None
    quote: bool = False
    unpack: str = ""
    decode: str = ""
    scale: float = 1.0

    def run(self, body: bytes | str) -> Value:
        """The value in ``body``. Raises ReadError that says which step failed and on what."""
        text = body if isinstance(body, str) else body.decode("utf-8", "replace")
        if text.strip() in ASLEEP:
            return parse(text, Kind.TEXT)
        if not text.strip() and self.allow_empty:
            return "" if self.kind is Kind.TEXT else parse("0", self.kind)
        value: Any = self._matched(text)
        if self.jq is not None:
            value = self._filtered(value)
        if self.unpack:
            value = _unpacked(parse(value, Kind.TEXT))
        if self.decode:
            value = _decoded(self.decode, value)
        return parse(value, self.kind, self.scale)

    def _matched(self, text: str) -> str:
        if looks_like_xml(text):
            text = json.dumps(as_tree(text), ensure_ascii=False, separators=(",", ":"))
        if self.regex is None:
            return text
        match = self.regex.search(text)
        if match is not None:
            return str(match[1] or "") if self.regex.groups else match[0]
        if self.default is None:
            raise bad(f"{self.regex.pattern!r} is nowhere in {shown(text)}")
        return self.default

    def _filtered(self, text: str) -> Any:
        assert self.jq is not None
        try:
            value = self.jq.one(text if self.quote else _json(text))
        except FilterError as error:
            raise bad(f"jq {self.jq.text!r} on {shown(text)}: {error}") from None
        if value is None:
            raise bad(f"jq {self.jq.text!r} finds null in {shown(text)}")
        return json.dumps(value) if isinstance(value, (dict, list)) else value


def pipeline(settings: Mapping[str, Any], kind: Kind) -> Pipeline:
    """Compile the steps of checked ``settings``. Raises a group of Misconfigured."""
    problems = Problems()
    regex = problems.build(lambda: _regex(settings["regex"]), "regex")
    jq = problems.build(lambda: _jq(settings["jq"]), "jq")
    with problems.below("unpack"):
        if settings["unpack"] not in ("", "hex"):
            raise Misconfigured(f"{settings['unpack']!r} cannot be unpacked", remedy="Known: hex.")
    with problems.below("decode"):
        if settings["decode"] and settings["decode"].lower() not in KINDS:
            raise Misconfigured(f"{settings['decode']!r} is no encoding", remedy=f"Known: {', '.join(KINDS)}.")
    problems.end()
    return Pipeline(
        kind,
        settings["allowempty"],
        regex,
        settings["default"],
        jq,
        settings["quote"],
        settings["unpack"],
        settings["decode"].lower(),
        settings["scale"],
    )


def _regex(text: str) -> re.Pattern[str] | None:
    try:
        return re.compile(text) if text else None
    except re.error as error:
        raise Misconfigured(f"{text!r} is no regular expression: {error}") from None


def _jq(text: str) -> Filter | None:
    try:
        return compile_filter(text) if text else None
    except FilterError as error:
        raise Misconfigured(f"jq cannot read this: {error}") from None


def _json(text: str) -> Any:
    try:
        return json.loads(text, parse_constant=_no_number)
    except (ValueError, RecursionError):
        raise bad(f"the answer is no JSON but {shown(text)}") from None


def _no_number(word: str) -> Any:
    raise bad(f"the answer holds {word}, which is no number")


def _unpacked(value: Value) -> bytes:
    try:
        return bytes.fromhex(str(value).strip().removeprefix("0x").removeprefix("0X"))
    except ValueError:
        raise bad(f"{shown(value)} is not hexadecimal") from None


def _decoded(kind: str, value: Any) -> Value:
    raw = value if isinstance(value, bytes) else str(value).encode("latin-1", "replace")
    if len(raw) % 2:
        raise bad(f"{shown(value)} has {len(raw)} bytes, {kind} needs whole registers")
    return decode(kind, [int.from_bytes(raw[at : at + 2], "big") for at in range(0, len(raw), 2)])
