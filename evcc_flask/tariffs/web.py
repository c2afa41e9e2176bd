"""A provider of the library: its calls, made one after the other, and the rates in the last answer."""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any
from urllib.parse import quote

from marshmallow import validate

from evcc_flask.bus.needs import ErrorKind, Link, ReadError
from evcc_flask.domain.issues import Misconfigured
from evcc_flask.domain.rates import TariffKind, Usage
from evcc_flask.jq.filters import Filter, FilterError, compile_filter
from evcc_flask.plugins.fields import Duration, Flag, Loose, Number, Text, Whole, parse_duration_s
from evcc_flask.plugins.problems import Problems
from evcc_flask.plugins.shop import Workshop
from evcc_flask.plugins.values import bad, shown
from evcc_flask.plugins.web import Call, Caller, shown_uri
from evcc_flask.plugins.xml import as_tree, looks_like_xml

from .answers import finished, rates_of
from .feed import Told
from .library import Row
from .slots import drawn_in_quarters, local, midnight, near
from .surcharge import FIELDS, Surcharge, read_surcharge
from .zones import Listed

FORMS = {"text": Text, "number": Number, "whole": Whole, "flag": Flag, "duration": Duration, "words": Listed}
DAYS = {"yesterday": -1, "today": 0, "tomorrow": 1, "overmorrow": 2}
TIMEOUT_S = 15.0
_EMPTY = re.compile(r"&\w+=(?=&|$)")
_WORD = re.compile(r"\{(\w+)(?:([+-])(\w+))?(?:\|([^}]+))?\}")


@dataclass(frozen=True)
class Web:
    """Implements Feed."""

    name: str
    row: Row
    given: Mapping[str, Any]
    surcharge: Surcharge
    zone: tzinfo | None
    link: Link
    caller: Caller
    kind: TariffKind
    refresh_s: float
    filters: tuple[Filter | None, ...] = field(repr=False)

    @property
    def calls_a_day(self) -> int:
        return int(self.row.get("calls_a_day", 0))

    @property
    def keeps_s(self) -> float:
        return _seconds(self.row.get("keeps", 0))

    def rests(self, now: datetime) -> bool:
        """Outside of the hours that the user gave."""
        first, last = (int(self.given.get(name) or 0) for name in self.row.get("window", ("", "")))
        hour = local(now, self.zone).hour
        if first == last:
            return False
        return not (first <= hour < last if first < last else hour >= first or hour < last)

    def fetch(self, wire: Any, now: datetime) -> Told:
        """See Feed."""
        words: dict[str, Any] = dict(self.given)
        result: Any = None
        for step, taken in zip(self.row["steps"], self.filters, strict=True):
            if taken is None:
                continue
            result = self._step(step, taken, words, now, wire)
            if "as" in step:
                words[step["as"]] = result
        slot = timedelta(seconds=_seconds(self.row.get("slot", "1h")))
        rates = rates_of(result, slot)
        if self.row.get("points"):
            return Told(drawn_in_quarters(near(rates, now), self.zone), rates.left_out)
        return finished(rates, self.kind, self.surcharge, self.zone, now)

    def _step(self, step: Mapping[str, Any], taken: Filter, words: Mapping[str, Any], now: datetime, wire: Any) -> Any:
        """One call; of a step with ``each`` one for each day, of which later ones may say nothing yet."""
        if "each" not in step:
            return self._call(step, taken, words, now, wire)
        found: list[Any] = []
        for number, day in enumerate(step["each"]):
            try:
                found += self._call(step, taken, {**words, "day": _day(day, now, self.zone)}, now, wire) or []
            except ReadError:
                if not number:
                    raise
        return found

    def _call(self, step: Mapping[str, Any], taken: Filter, words: Mapping[str, Any], now: datetime, wire: Any) -> Any:
        names = [words.get(name) for name in _names(self.row)]
        if "uri" not in step:
            return taken.one([None, [*names, now.timestamp(), self.surcharge.given]])

        def text(key: str, spell: Callable[[Any], str] = str) -> str:
            return self._filled(str(step.get(key, "")), words, now, spell)

        uri, body = text("uri", lambda value: quote(str(value), safe="/:,|")), text("body", _in_json)
        headers = {name: self._filled(str(value), words, now, str) for name, value in step.get("headers", {}).items()}
        if body:
            headers.setdefault("Content-Type", step.get("type", "application/json"))
        auth: tuple[str, str, str] | tuple[()] = ()
        if bearer := text("bearer"):
            auth = ("bearer", bearer, "")
        elif "basic" in step:
            user, password = (self._filled(each, words, now, str) for each in step["basic"])
            auth = ("basic", user, password)
        uri = _EMPTY.sub("", uri)
        method, sent = "POST" if body else "GET", tuple(headers.items())
        call = Call(method, uri, body, sent, auth, insecure=None, timeout_s=TIMEOUT_S)
        answer = self.caller.body(call, wire).decode("utf-8", "replace")
        try:
            return taken.one([_read(answer, uri), [*names, now.timestamp(), self.surcharge.given]])
        except FilterError as error:
            raise bad(f"{shown_uri(uri)} answered {shown(answer)}, which is not understood: {error}") from None

    def _filled(self, text: str, words: Mapping[str, Any], now: datetime, spell: Callable[[Any], str]) -> str:
        """``text`` with its words; what is no word of ours stays."""

        def word(match: re.Match[str]) -> str:
            name, sign, span, form = match.groups()
            if name == "now":
                at: Any = now
            elif name in DAYS:
                at = _day(name, now, self.zone)
            elif name in words:
                at = words[name]
            else:
                return match[0]
            if not isinstance(at, datetime):
                return spell("" if at is None else at)
            moved = timedelta(seconds=_seconds(span)) if span else timedelta()
            return quote(_spelled(at - moved if sign == "-" else at + moved, form or "rfc3339", self.zone), safe=":")

        return _WORD.sub(word, text)


def web(
    usage: Usage, name: str, row: Row, title: str, params: Mapping[str, Any], workshop: Workshop, zone: tzinfo | None
) -> Web:
    """The provider that ``row`` describes, as ``params`` want it. Raises a group of Misconfigured."""
    problems = Problems()
    given = problems.load(_schema(row), params) or {}
    if usage.value not in row.get("usages", ("grid", "planner", "feedin")):
        problems.found.append(Misconfigured(f"{title} tells nothing for {usage.value}", ("template",)))
    surcharge = problems.build(lambda: read_surcharge(given)) or Surcharge()
    problems.end()
    words = {key: word.get("default") for key, word in row.get("parameters", {}).items()} | given
    for key, word in row.get("parameters", {}).items():
        words[key] = word.get("map", {}).get(words[key], words[key])
    refresh_s = max(60.0, given.get("interval") or _seconds(row.get("refresh", "1h")))
    kind = TariffKind(row.get("kind", "priceforecast"))
    shop = workshop.shop(name)
    filters = tuple(_filter(step, row) if _wanted(step, words) else None for step in row["steps"])
    return Web(title, row, words, surcharge, zone, shop.calls(), shop.caller, kind, refresh_s, filters)


def _schema(row: Row) -> Loose:
    fields: dict[str, Any] = {name: kind() for name, kind in FIELDS.items()}
    fields["interval"] = Duration()
    for name, word in row.get("parameters", {}).items():
        choice = validate.OneOf(word["one_of"]) if "one_of" in word else None
        fields[name] = FORMS[word["is"]](required=word.get("required", False), validate=choice)
    schema: type[Any] = Loose.from_dict(fields)
    made: Loose = schema()
    return made


def _wanted(step: Mapping[str, Any], words: Mapping[str, Any]) -> bool:
    return bool("when" not in step or words.get(step["when"])) and not any(map(words.get, step.get("unless", ())))


def _names(row: Row) -> list[str]:
    return [*row.get("parameters", {}), *(step["as"] for step in row["steps"] if "as" in step)]


def _filter(step: Mapping[str, Any], row: Row) -> Filter:
    """The filter of a step; its words come in beside the answer, so that a value of the user is never read as jq."""
    names = [*_names(row), "now", "net"]
    heads = " ".join(f".[1][{place}] as ${name} |" for place, name in enumerate(names))
    try:
        return compile_filter(f"{heads} .[0] | {step.get('take', '.')}")
    except FilterError as error:
        raise Misconfigured(f"its description cannot be read: {error}") from None


def _read(answer: str, uri: str) -> Any:
    """JSON, XML as JSON, or null where nothing was said."""
    if not answer.strip():
        return None
    if looks_like_xml(answer):
        return as_tree(answer)
    try:
        return json.loads(answer)
    except (ValueError, RecursionError):
        raise ReadError(ErrorKind.VALUE, f"{shown_uri(uri)} answered {shown(answer)}, which is no JSON") from None


def _day(name: str, now: datetime, zone: tzinfo | None) -> datetime:
    return midnight(local(now, zone).date() + timedelta(DAYS[name]), zone)


def _spelled(at: datetime, form: str, zone: tzinfo | None) -> str:
    if form in ("s", "ms"):
        return str(int(at.timestamp()) * (1000 if form == "ms" else 1))
    if form == "rfc3339":
        return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    if form.startswith("utc "):
        return at.astimezone(UTC).strftime(form[4:])
    return local(at, zone).strftime(form)


def _in_json(value: Any) -> str:
    """A value inside of the quotes of a JSON text."""
    return json.dumps(str(value))[1:-1]


def _seconds(value: Any) -> float:
    return parse_duration_s(value) if isinstance(value, str) else float(value)
