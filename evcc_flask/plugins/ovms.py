"""What an OVMS server knows of a car: three questions in one session, as one JSON object ``{charge, status}``."""

import json
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import quote, urlencode

from evcc_flask.bus.needs import ErrorKind, Need, ReadError

from .fields import Text, Timeout
from .made import Fetched
from .pipeline import PipelineSchema, pipeline
from .ports import Source
from .problems import Problems
from .shop import Shop
from .values import Kind, shown
from .web import Call

PORT = 6869
"""Where OVMS servers speak HTTPS."""


class Ovms(PipelineSchema):
    server = Text(required=True)
    user = Text(required=True)
    password = Text(required=True)
    vehicle = Text(required=True)
    timeout = Timeout(load_default=10.0)


@dataclass(frozen=True)
class Visit:
    """A Procedure: log in, wake the server's connection to the car, ask."""

    base: str
    user: str
    vehicle: str
    timeout_s: float
    password: str = field(repr=False)
    shop: Shop = field(compare=False, repr=False)

    def run(self, wire: Any) -> bytes:
        """Raises ReadError."""
        # The server sets a cookie, which the device's session keeps.
        self._ask(wire, f"/api/cookie?{urlencode({'username': self.user, 'password': self.password})}")
        car = quote(self.vehicle, safe="")
        self._ask(wire, f"/api/vehicle/{car}")
        parts = {name: json.loads(self._ask(wire, f"/api/{name}/{car}")) for name in ("charge", "status")}
        return json.dumps(parts).encode()

    def _ask(self, wire: Any, path: str) -> bytes:
        body = self.shop.caller.body(
            replace(Call("GET", self.base + path), insecure=None, timeout_s=self.timeout_s), wire
        )
        try:
            json.loads(body)
        except ValueError:
            text = body.decode("utf-8", "replace")
            raise ReadError(ErrorKind.VALUE, f"{self} answered no JSON but {shown(text)}") from None
        return body

    def __str__(self) -> str:
        return f"{self.base} ({self.vehicle})"


def source(node: dict[str, Any], shop: Shop, kind: Kind, max_age_s: float) -> Source:
    problems = Problems()
    settings = problems.sound(Ovms(), node)
    steps = problems.build(lambda: pipeline(settings, kind))
    problems.end()
    assert steps is not None
    server = settings["server"].rstrip("/")
    base = server if "://" in server else f"https://{server}:{PORT}"
    visit = Visit(base, settings["user"], settings["vehicle"], settings["timeout"], settings["password"], shop)
    return Fetched(Need(shop.calls(), visit, max_age_s), steps.run)
