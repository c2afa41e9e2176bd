"""One HTTP call and its many ways to fail, each said with the address it happened at and nothing secret."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from evcc_flask.bus.needs import ErrorKind, ReadError, Traffic
from evcc_flask.domain.ports import Clock

if TYPE_CHECKING:
    import requests

LARGEST = 1024 * 1024
"""Bytes of an answer; a meter says less, a page of a camera more."""
_CHUNK = 16 * 1024
UNTRUSTED = "its certificate is not trusted."


@dataclass(frozen=True)
class Call:
    """What is asked; hashable, so that equal calls share an answer. ``auth``: (type, user or token, password).

    ``insecure``: any certificate is trusted; None: it is not, and there is no setting for that.
    """

    method: str
    uri: str
    body: str = ""
    headers: tuple[tuple[str, str], ...] = ()
    auth: tuple[str, str, str] | tuple[()] = ()
    insecure: bool | None = False
    timeout_s: float = 10.0


class Caller:
    """Keeps the connections and digest states of one device; used by its worker only."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._session: requests.Session | None = None
        self._digests: dict[tuple[str, ...], requests.auth.AuthBase] = {}

    def body(self, call: Call, traffic: Traffic) -> bytes:
        """The answer's body. Raises ReadError for no answer in time, a status that is not 2xx, more than 1 MiB."""
        # Imported on the first call: a house without HTTP devices saves its 10 MB.
        import requests
        import urllib3

        if call.insecure:
            # The user has said so; a line in the log for each call would say nothing more.
            urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)
        where = shown_uri(call.uri)
        until_s = self._clock.wire_s() + call.timeout_s
        try:
            with self._answer(call) as response:
                try:
                    if not 200 <= response.status_code < 300:
                        raise self._refusal(response, _seen_from(response, where))
                    return self._read(response, where, until_s)
                finally:
                    traffic.traffic(_sent(response.request), _received(response))
        except (requests.Timeout, urllib3.exceptions.TimeoutError):
            raise _late(where, call.timeout_s) from None
        except (requests.RequestException, urllib3.exceptions.HTTPError, OSError) as error:
            said = _reason(error)
            trusts = " insecure: true trusts it anyway" if said == UNTRUSTED and call.insecure is not None else ""
            raise ReadError(ErrorKind.CONNECTION, f"{where}: {said}{trusts}") from None
        except (ValueError, UnicodeError) as error:
            raise ReadError(ErrorKind.VALUE, f"{where} cannot be asked: {error}") from None

    def _answer(self, call: Call) -> "requests.Response":
        import requests

        if self._session is None:
            self._session = requests.Session()
            # Neither a proxy nor a .netrc of the machine belongs between a controller and a wallbox.
            self._session.trust_env = False
        return self._session.request(
            call.method,
            call.uri,
            data=call.body.encode() if call.body else None,
            headers={"Accept": "application/json, */*"} | _authorised(call) | dict(call.headers),
            auth=self._credentials(call),
            timeout=call.timeout_s,
            verify=False if call.insecure else _authorities(),
            stream=True,
        )

    def _credentials(self, call: Call) -> "requests.auth.AuthBase | None":
        from requests.auth import HTTPBasicAuth, HTTPDigestAuth

        if call.auth and call.auth[0] == "basic":
            return HTTPBasicAuth(call.auth[1].encode(), call.auth[2].encode())
        if call.auth and call.auth[0] == "digest":
            return self._digests.setdefault(call.auth, HTTPDigestAuth(call.auth[1], call.auth[2]))
        return None

    def _refusal(self, response: "requests.Response", where: str) -> ReadError:
        answer = f"{where} answered {response.status_code} {response.reason}"
        if response.status_code == 429:
            after_s = _after_s(response.headers.get("Retry-After", ""), self._clock.now())
            return ReadError(ErrorKind.LIMITED, f"{answer}: it wants fewer calls.", after_s)
        hints = {401: " Are user and password right?", 403: " Is access allowed?", 404: " Is the path right?"}
        return ReadError(ErrorKind.REFUSED, f"{answer}.{hints.get(response.status_code, '')}")

    def _read(self, response: "requests.Response", where: str, until_s: float) -> bytes:
        body = b""
        # read1 returns what has come: a device that dribbles is noticed at its time-out.
        while chunk := response.raw.read1(_CHUNK, decode_content=True):
            body += chunk
            if len(body) > LARGEST:
                raise ReadError(ErrorKind.VALUE, f"{where} answered more than 1 MiB. Is this the right address?")
            if self._clock.wire_s() > until_s:
                raise ReadError(ErrorKind.TIMEOUT, f"{where} began to answer and did not end in time")
        return body


def shown_uri(uri: str) -> str:
    """The address without user, password and query, for messages."""
    try:
        parts = urlsplit(uri)
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        return "an address that cannot be read"
    return f"{parts.scheme}://{parts.hostname}{port}{parts.path}"


def place_of(uri: str) -> str:
    """Host and port: what a write there makes stale."""
    return urlsplit(uri).netloc.rpartition("@")[2].lower()


def _seen_from(response: "requests.Response", where: str) -> str:
    """Who answered, if it is another; only the host, since nobody here chose the rest."""
    sent_on = any(each.is_redirect for each in response.history)
    return f"{where}, sent on to {place_of(response.url)}," if sent_on else where


def _authorised(call: Call) -> dict[str, str]:
    return {"Authorization": f"Bearer {call.auth[1]}"} if call.auth and call.auth[0] == "bearer" else {}


def _authorities() -> str | bool:
    """Who is believed about certificates: a file of this machine where one is named, as curl and Python do."""
    return os.environ.get("REQUESTS_CA_BUNDLE") or os.environ.get("SSL_CERT_FILE") or True


def _sent(request: "requests.PreparedRequest") -> int:
    """Bytes of a request as HTTP spells it."""
    line = f"{request.method} {request.path_url} HTTP/1.1"
    return len(line) + 4 + _fields(request.headers) + len(request.body or b"")


def _received(response: "requests.Response") -> int:
    """Bytes of an answer as far as it was read."""
    line = f"HTTP/1.1 {response.status_code} {response.reason}"
    return len(line) + 4 + _fields(response.headers) + int(response.raw.tell())


def _fields(headers: Mapping[str, str | bytes]) -> int:
    return sum(len(name) + len(value) + 4 for name, value in headers.items())


def _late(where: str, timeout_s: float) -> ReadError:
    return ReadError(ErrorKind.TIMEOUT, f"{where} did not answer within {timeout_s:g} s. Is it on, the address right?")


def _after_s(told: str, now: datetime) -> float | None:
    """Retry-After: whole seconds or a date (RFC 9110, 10.2.3); anything else says nothing."""
    if told.isascii() and told.strip().isdigit():
        return float(told)
    try:
        moment = parsedate_to_datetime(told)
    except (TypeError, ValueError, OverflowError):
        return None
    return max(0.0, (moment.replace(tzinfo=moment.tzinfo or UTC) - now).total_seconds())


def _reason(error: Exception) -> str:
    """The innermost cause in a few words: requests wraps it threefold."""
    text = str(error)
    for words, said in (
        ("resolve", "the name does not resolve"),
        ("refused", "connection refused. Is the device on, the port right?"),
        ("CERTIFICATE_VERIFY_FAILED", UNTRUSTED),
        ("unreachable", "there is no way to this address"),
        ("No route", "there is no way to this address"),
        ("reset", "it closed the connection"),
        ("Remote end closed", "it closed the connection"),
        ("redirects", "it redirects in a circle"),
    ):
        if words in text:
            return said
    return f"no connection ({type(error).__name__})"
