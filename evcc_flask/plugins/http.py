"""Values from and to devices that speak HTTP."""

from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any
from urllib.parse import urlsplit

from evcc_flask.bus.needs import ErrorKind, Need, ReadError
from evcc_flask.domain.issues import Misconfigured
from evcc_flask.jq.filters import Filter, FilterError, compile_filter

from .fields import Duration, Flag, Loose, Text, Timeout, Tree
from .made import Fetched, Written
from .pipeline import PipelineSchema, pipeline
from .ports import Sink, Source, Value
from .problems import Problems, load
from .shop import Shop
from .values import Kind, shown
from .web import Call, place_of, shown_uri
from .wording import Wording, wording


class Http(PipelineSchema):
    uri = Text(required=True)
    method = Text(load_default="")
    headers = Tree(load_default=dict)
    body = Text(load_default="")
    insecure = Flag(load_default=False)
    auth = Tree(load_default=None)
    timeout = Timeout(load_default=10.0)
    cache = Duration(load_default=0.0)
    accepted = Text(load_default="")
    """jq that must be true of the answer to a write; ours, for devices that refuse with status 200."""


class Auth(Loose):
    type = Text(load_default="")
    source = Text(load_default="")
    user = Text(load_default="")
    password = Text(load_default="")
    token = Text(load_default="")


@dataclass(frozen=True)
class Pattern:
    """A call whose texts may hold the parameter of a setter."""

    call: Call
    uri: Wording
    body: Wording
    headers: tuple[tuple[str, Wording], ...]

    def filled(self, value: Value = None) -> Call:
        headers = tuple((name, text.filled(value)) for name, text in self.headers)
        return replace(self.call, uri=self.uri.filled(value), body=self.body.filled(value), headers=headers)


@dataclass(frozen=True)
class Get:
    """A Procedure: the shared answer to a call. Equal gets of one device are one request."""

    call: Call
    cache_s: float
    shop: Shop = field(compare=False, repr=False)

    @property
    def place(self) -> str:
        """The host: when it is lost, all its calls are, which is said once."""
        return place_of(self.call.uri)

    def run(self, wire: Any) -> bytes:
        fetch = partial(self.shop.caller.body, self.call, wire)
        return self.shop.answers.get(self.call, self.place, self.cache_s, fetch)

    def __str__(self) -> str:
        return shown_uri(self.call.uri)


def source(node: dict[str, Any], shop: Shop, kind: Kind, max_age_s: float) -> Source:
    problems = Problems()
    settings = problems.sound(Http(), node)
    steps = problems.build(lambda: pipeline(settings, kind))
    pattern = problems.build(lambda: _pattern(settings, ""))
    problems.end()
    assert steps is not None
    assert pattern is not None
    get = Get(pattern.filled(), settings["cache"], shop)
    link, run = shop.calls(), steps.run

    def decode(body: bytes) -> Value:
        try:
            return run(body)
        except ReadError as error:
            link.misread(get, error)
            raise

    return Fetched(Need(link, get, max(max_age_s, settings["cache"])), decode)


def sink(node: dict[str, Any], param_name: str, shop: Shop) -> Sink:
    problems = Problems()
    settings = problems.sound(Http(), node)
    pattern = problems.build(lambda: _pattern(settings, param_name))
    reads = settings["accepted"]
    accepted = problems.build(lambda: compile_filter(reads), "accepted") if reads else None
    problems.end()
    assert pattern is not None
    link = shop.calls()

    def write(value: Value) -> None:
        call = pattern.filled(value)

        def job(wire: Any) -> None:
            answer = shop.caller.body(call, wire)
            if accepted is not None:
                _check(accepted, answer, call)

        link.do(job)
        shop.answers.forget(place_of(call.uri))

    return Written(link, write)


def _check(accepted: Filter, answer: bytes, call: Call) -> None:
    """Raises ReadError (REFUSED) for an answer that is no consent."""
    try:
        consents = accepted.one_of_text(answer) is True
    except FilterError:
        consents = False
    if not consents:
        text = answer.decode("utf-8", "replace")
        raise ReadError(ErrorKind.REFUSED, f"{shown_uri(call.uri)} refused: {shown(text)}")


def _pattern(settings: dict[str, Any], name: str) -> Pattern:
    problems = Problems()
    uri = settings.get("uri", "")
    uri = uri if "://" in uri else f"http://{uri}"
    in_uri = problems.build(lambda: wording(uri, name), "uri")
    in_body = problems.build(lambda: wording(settings["body"], name), "body")
    in_headers: list[tuple[str, Wording]] = []
    for key, text in settings["headers"].items():
        with problems.below("headers", key):
            in_headers.append((str(key), wording(Text().deserialize(text), name)))
    auth = problems.build(lambda: _auth(settings["auth"]), "auth") if settings["auth"] else ()
    with problems.below("uri"):
        if urlsplit(uri).scheme not in ("http", "https") or not urlsplit(uri).hostname:
            raise Misconfigured(f"{shown_uri(uri)!r} is no web address", remedy="Write http://host/path.")
    with problems.below("timeout"):
        if settings["timeout"] < 0.001:
            raise Misconfigured("is shorter than a millisecond", remedy="Write 10s.")
    problems.end()
    assert in_uri is not None
    assert in_body is not None
    method = settings["method"].upper() or ("POST" if settings["body"] else "GET")
    if method == "GET" and settings["body"]:
        method = "POST"
    call = Call(method, uri, auth=auth or (), insecure=settings["insecure"], timeout_s=settings["timeout"])
    return Pattern(call, in_uri, in_body, tuple(in_headers))


def _auth(node: dict[str, Any]) -> tuple[str, str, str]:
    settings = load(Auth(), node)
    kind = settings["type"].lower()
    if settings["source"]:
        raise Misconfigured("OAuth is not supported here", ("source",), "Use type: basic, digest or bearer.")
    if kind == "bearer":
        if not settings["token"]:
            raise Misconfigured("is missing", ("token",))
        return (kind, settings["token"], "")
    if kind not in ("basic", "digest"):
        raise Misconfigured(f"{kind!r} is no way to log in", ("type",), "Known: basic, digest, bearer.")
    return (kind, settings["user"], settings["password"])
