"""Every cycle's numbers into an InfluxDB, v1 or v2.

One thread sends; while the database is gone it keeps an hour of them.
"""

import logging
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from threading import Condition, Thread
from typing import Any
from urllib.parse import urlencode

import urllib3

from evcc_flask.control.state import Published, SharedState
from evcc_flask.domain.backoff import Backoff
from evcc_flask.domain.issues import Misconfigured
from evcc_flask.domain.ports import Clock

from .lines import lines

log = logging.getLogger("influx")

TIMEOUT_S = 10.0
MOST_WAITING = 360
"""Cycles that wait for a database that is gone: an hour, at the usual interval."""
MOST_AT_ONCE = 30
"""Cycles of one request."""
PATIENCE = Backoff(step_s=5.0, longest_s=60.0)


@dataclass(frozen=True, slots=True)
class InfluxSpec:
    """Where to write. With ``token`` it is a database of version 2, and ``database`` its bucket."""

    url: str
    database: str
    token: str = field(default="", repr=False)
    org: str = ""
    user: str = ""
    password: str = field(default="", repr=False)
    insecure: bool = False


def influx_spec(section: Mapping[str, Any]) -> InfluxSpec:
    """Of the checked section ``influx``. Raises a group of Misconfigured."""
    given = {key: str(section.get(key) or "") for key in ("url", "database", "token", "org", "user", "password")}
    url = given["url"] if "://" in given["url"] else f"http://{given['url']}"
    wrong = []
    if not given["url"] or not urllib3.util.parse_url(url).host:
        wrong.append(Misconfigured("is missing", ("url",), "Write it like http://influx.lan:8086."))
    if not given["database"]:
        wrong.append(Misconfigured("is missing", ("database",), "Name the database, or the bucket of version 2."))
    if given["token"] and not given["org"]:
        wrong.append(Misconfigured("is missing", ("org",), "A database with a token needs its organisation."))
    if wrong:
        raise ExceptionGroup("influx cannot work", wrong)
    insecure = str(section.get("insecure", "")).lower() in ("true", "1")
    return InfluxSpec(**{**given, "url": url.rstrip("/")}, insecure=insecure)


class Influx:
    """Sends until it is stopped."""

    def __init__(self, spec: InfluxSpec, state: SharedState, clock: Clock) -> None:
        self._spec = spec
        self._state = state
        self._clock = clock
        self._seen: deque[Published] = deque(maxlen=MOST_AT_ONCE)
        self._waiting: deque[bytes] = deque(maxlen=MOST_WAITING)
        self._news = Condition()
        self._ending = False
        self._cycle = 0
        self._complained = ""
        certificates = "CERT_NONE" if spec.insecure else "CERT_REQUIRED"
        self._http = urllib3.PoolManager(maxsize=1, cert_reqs=certificates, retries=False)
        self._thread = Thread(target=self._run, name="influx", daemon=True)

    def start(self) -> None:
        """Begin; returns at once."""
        self._state.subscribe(self._note)
        self._thread.start()

    def stop(self, timeout_s: float = 0.5) -> None:
        """End, without sending what waits. A second call does nothing."""
        with self._news:
            self._ending = True
            self._news.notify_all()
        if self._thread.is_alive():
            self._thread.join(timeout_s)

    def _note(self, published: Published) -> None:
        """On the publishing thread. Only cycles count; a setting is told with the next one."""
        if published.state["cycle"] != self._cycle:
            self._cycle = published.state["cycle"]
            with self._news:
                self._seen.append(published)
                self._news.notify_all()

    def _run(self) -> None:
        patience = PATIENCE
        while not self._ending:
            with self._news:
                rest_s = patience.until_s - self._clock.wire_s()
                self._news.wait_for(
                    lambda: self._ending or bool(self._seen), max(0.05, rest_s) if self._waiting else None
                )
                seen = tuple(self._seen)
                self._seen.clear()
            self._waiting.extend(filter(None, (self._lines(each) for each in seen)))
            if self._ending or not self._waiting or patience.rests(self._clock.wire_s()):
                continue
            patience = PATIENCE if self._send() else patience.failed(self._clock.wire_s())

    def _lines(self, published: Published) -> bytes:
        """What was seen before the clock was right has no place in a history."""
        return lines(published.state, int(self._clock.now().timestamp())) if self._clock.trusted() else b""

    def _send(self) -> bool:
        """Some of what waits. False: the database is gone, or refuses us."""
        batch = list(self._waiting)[:MOST_AT_ONCE]
        spec = self._spec
        fields = {"precision": "s"}
        headers = {"Content-Type": "text/plain; charset=utf-8"}
        if spec.token:
            path, fields = "/api/v2/write", fields | {"org": spec.org, "bucket": spec.database}
            headers["Authorization"] = f"Token {spec.token}"
        else:
            path, fields = "/write", fields | {"db": spec.database}
            if spec.user:
                headers |= urllib3.make_headers(basic_auth=f"{spec.user}:{spec.password}")
        url = f"{spec.url}{path}?{urlencode(fields)}"
        try:
            answer = self._http.request("POST", url, body=b"\n".join(batch), headers=headers, timeout=TIMEOUT_S)
        except urllib3.exceptions.HTTPError as problem:
            return self._failed(f"does not answer ({type(problem).__name__})")
        if answer.status in (400, 413, 422):
            self._failed(f"does not take some of it: {answer.data[:300].decode(errors='replace').strip()}")
        elif answer.status >= 300:
            return self._failed(f"answers {answer.status}: {answer.data[:300].decode(errors='replace').strip()}")
        elif self._complained:
            log.info("influx %s takes the numbers again.", spec.url)
            self._complained = ""
        for _ in batch:
            self._waiting.popleft()
        return True

    def _failed(self, problem: str) -> bool:
        if problem != self._complained:
            log.warning("influx %s %s", self._spec.url, problem)
        self._complained = problem
        return False
