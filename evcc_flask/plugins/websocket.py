"""Values that a device pushes through a WebSocket: the last message that the pipeline finds a value in."""

from base64 import b64encode
from typing import Any
from urllib.parse import urlsplit

from evcc_flask.bus.needs import Need
from evcc_flask.bus.stream import Messages, StreamSpec
from evcc_flask.domain.issues import Misconfigured

from .fields import Flag, Loose, Text, Timeout, Tree
from .heard import Heard
from .pipeline import PipelineSchema, pipeline
from .ports import Source
from .problems import Problems, load
from .shop import Shop
from .values import Kind


class WebSocket(PipelineSchema):
    uri = Text(required=True)
    headers = Tree(load_default=dict)
    auth = Tree(load_default=None)
    insecure = Flag(load_default=False)
    timeout = Timeout(load_default=0.0)


class Auth(Loose):
    type = Text(load_default="basic")
    user = Text(load_default="")
    password = Text(load_default="")
    token = Text(load_default="")


def source(node: dict[str, Any], shop: Shop, kind: Kind, max_age_s: float) -> Source:
    problems = Problems()
    settings = problems.sound(WebSocket(), node)
    steps = problems.build(lambda: pipeline(settings, kind))
    spec = problems.build(lambda: _spec(settings))
    problems.end()
    assert steps is not None
    assert spec is not None
    need = Need(shop.bus.stream(spec), Messages(steps.run), max_age_s)
    return Heard(need, lambda value: value, spec.place, settings["timeout"] or shop.lapse_s, shop.clock)


def _spec(settings: dict[str, Any]) -> StreamSpec:
    problems = Problems()
    uri = settings.get("uri", "").replace("https://", "wss://", 1).replace("http://", "ws://", 1)
    uri = uri if "://" in uri else f"ws://{uri}"
    with problems.below("uri"):
        if urlsplit(uri).scheme not in ("ws", "wss") or not urlsplit(uri).hostname:
            raise Misconfigured(f"{settings.get('uri')!r} is no address of a socket", remedy="Write ws://host/path.")
    headers = [(str(name), Text().deserialize(text)) for name, text in settings["headers"].items()]
    if settings["auth"] and (header := problems.build(lambda: _authorization(settings["auth"]), "auth")):
        headers.append(("Authorization", header))
    problems.end()
    return StreamSpec(uri, tuple(headers), settings["insecure"])


def _authorization(node: dict[str, Any]) -> str:
    auth = load(Auth(), node)
    if auth["type"].lower() == "bearer":
        return f"Bearer {auth['token']}"
    if auth["type"].lower() == "basic":
        return "Basic " + b64encode(f"{auth['user']}:{auth['password']}".encode()).decode()
    raise Misconfigured(f"{auth['type']!r} is no way to log in", ("type",), "Known: basic, bearer.")
