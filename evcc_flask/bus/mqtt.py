"""One connection to an MQTT broker, shared by all devices that speak over it."""

import ssl
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import NamedTemporaryFile
from threading import Event
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from evcc_flask.domain.issues import Misconfigured
from evcc_flask.domain.ports import Clock

from .needs import ErrorKind, ReadError, Request
from .pushed import KEEPALIVE_S, PushedLink

if TYPE_CHECKING:
    import paho.mqtt.client as paho

CONFIRM_S = 5.0
"""How long a write waits for the broker's word that it has the message."""
PORT, TLS_PORT = 1883, 8883
SCHEMES = {"tcp": False, "mqtt": False, "tls": True, "ssl": True, "mqtts": True}


@dataclass(frozen=True, slots=True)
class MqttSpec:
    """A broker and who we are there. Certificates: PEM text, or the path of a file. Equal ones share a connection."""

    host: str
    port: int = PORT
    tls: bool = False
    user: str = ""
    password: str = field(default="", repr=False)
    client_id: str = ""
    insecure: bool = False
    ca_cert: str = field(default="", repr=False)
    client_cert: str = field(default="", repr=False)
    client_key: str = field(default="", repr=False)

    @property
    def place(self) -> str:
        """Host and port, as people know them."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def login_of(text: str) -> tuple[str, str, str]:
    """``mqtt://user:password@host`` without the login, and what it said; empty texts where there is none."""
    scheme, separator, rest = text.strip().rpartition("://")
    login, _, place = rest.rpartition("@")
    user, _, password = login.partition(":")
    return f"{scheme}{separator}{place}", unquote(user), unquote(password)


def broker_of(text: str) -> tuple[str, int, bool]:
    """``tls://host:8883`` as host, port and whether it is encrypted. Raises Misconfigured."""
    scheme, separator, rest = text.strip().rpartition("://")
    if separator and scheme.lower() not in SCHEMES:
        raise Misconfigured(f"{scheme}:// is no way to a broker", remedy="Write host:1883 or tls://host:8883.")
    tls = SCHEMES.get(scheme.lower(), False)
    host, colon, port = rest.rstrip("/").rpartition(":")
    if not colon or "]" in port:
        host, port = rest.rstrip("/"), ""
    if not host or (port and not (port.isdigit() and 0 < int(port) < 65536)):
        raise Misconfigured(f"{text!r} is no address of a broker", remedy="Write host:1883 or tls://host:8883.")
    return host.strip("[]"), int(port or (TLS_PORT if tls else PORT)), tls or port == str(TLS_PORT)


@dataclass(frozen=True, slots=True)
class Topic:
    """A subscription, wildcards allowed; its answer is the payload (bytes) that came last."""

    name: str

    def run(self, wire: Any) -> Any:
        """A topic is heard, never asked for."""
        raise ReadError(ErrorKind.VALUE, f"{self.name} can only be listened to")


class MqttLink(PushedLink):
    """Implements Link. The wire of its jobs has ``publish``."""

    def __init__(self, spec: MqttSpec, clock: Clock) -> None:
        super().__init__(f"mqtt {spec.place}", clock)
        self._spec = spec
        self._client: paho.Client | None = None
        self._ended = Event()

    def publish(self, topic: str, payload: bytes, *, retain: bool = False) -> None:
        """Send and wait until the broker has it. On the worker; raises ReadError.

        A line that is down is an error at once: a broker that comes back must not replay old wishes.
        """
        self.connected()
        client = self._client
        if client is None:
            raise ReadError(ErrorKind.CONNECTION, f"{self.name}: no connection")
        began_s = self._clock.wire_s()
        try:
            message = client.publish(topic, payload, qos=1, retain=retain)
            message.wait_for_publish(CONFIRM_S)
        except (ValueError, RuntimeError) as error:
            raise ReadError(ErrorKind.CONNECTION, f"{self.name}: {topic} cannot be written: {error}") from None
        finally:
            self.counted.transaction(began_s, self._clock.wire_s())
            self.counted.traffic(sent=len(payload) + len(topic))
        if not message.is_published():
            raise ReadError(ErrorKind.TIMEOUT, f"{self.name} did not confirm {topic} within {CONFIRM_S:g} s")

    def _follow(self, requests: list[Request]) -> None:
        super()._follow(requests)
        client = self._client
        if client is not None and self._up:
            self._subscribe(client, [request for request in requests if isinstance(request, Topic)])

    def _subscribe(self, client: "paho.Client", topics: list[Topic]) -> None:
        if topics:
            client.subscribe([(topic.name, 0) for topic in topics])

    def _session(self, up: Callable[[], None]) -> None:
        # Imported on the first use: a house without a broker saves its memory.
        import paho.mqtt.client as paho
        from paho.mqtt.enums import CallbackAPIVersion

        spec = self._spec
        refused: list[str] = []
        ended = self._ended = Event()
        if self._closing.is_set():
            return
        # A client of its own for each connection: what an old one had not delivered dies with it.
        client = paho.Client(CallbackAPIVersion.VERSION2, client_id=spec.client_id or None, reconnect_on_failure=False)
        client.connect_timeout = CONFIRM_S
        if spec.user:
            client.username_pw_set(spec.user, spec.password)

        def on_connect(client: "paho.Client", _data: Any, _flags: Any, answer: Any, _properties: Any) -> None:
            if answer.is_failure:
                refused.append(str(answer))
                client.disconnect()
                return
            self._subscribe(client, [topic for topic in list(self._followed) if isinstance(topic, Topic)])
            up()

        client.on_connect = on_connect
        client.on_disconnect = lambda *_: ended.set()
        client.on_message = self._on_message
        try:
            if spec.tls:
                client.tls_set_context(tls_context(spec))
            self._client = client
            client.connect(spec.host, spec.port, keepalive=KEEPALIVE_S)
            client.loop_start()
            ended.wait()
        except (OSError, ValueError) as error:
            raise ReadError(ErrorKind.CONNECTION, f"{self.name}: {reason(error)}") from None
        finally:
            self._client = None
            client.disconnect()
            client.loop_stop()
        if refused:
            raise ReadError(ErrorKind.REFUSED, f"{self.name} refuses us ({refused[0]}). Are user and password right?")

    def _hang_up(self) -> None:
        self._ended.set()

    def _on_message(self, client: "paho.Client", data: Any, message: "paho.MQTTMessage") -> None:
        import paho.mqtt.client as paho

        self.counted.traffic(received=len(message.payload) + len(message.topic))
        heard = [
            topic
            for topic in list(self._followed)
            if isinstance(topic, Topic) and paho.topic_matches_sub(topic.name, message.topic)
        ]
        self._heard({topic: message.payload for topic in heard if not self._repeated(topic, message)})

    def _repeated(self, topic: Topic, message: "paho.MQTTMessage") -> bool:
        """A retained message that we know already is no news, however often we connect."""
        known = self._answers.get(topic)
        return bool(message.retain) and known is not None and known.value == message.payload


def tls_context(spec: MqttSpec) -> ssl.SSLContext:
    """Raises OSError or ValueError (of which ssl's are) for certificates that cannot be used."""
    context = ssl.create_default_context()
    if spec.ca_cert:
        inline = "-----BEGIN" in spec.ca_cert
        context.load_verify_locations(cadata=spec.ca_cert if inline else None, cafile=None if inline else spec.ca_cert)
    if spec.client_cert:
        with _file(spec.client_cert) as certificate, _file(spec.client_key or spec.client_cert) as key:
            context.load_cert_chain(certificate.name, key.name)
    if spec.insecure:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def _file(pem: str) -> Any:
    """PEM text as a file for as long as it is open, for ssl knows no other way; a path is that file."""
    if "-----BEGIN" not in pem:
        return Path(pem).open("rb")
    file = NamedTemporaryFile("w", suffix=".pem")  # noqa: SIM115 # why: the caller closes it
    file.write(pem)
    file.flush()
    return file


def reason(error: Exception) -> str:
    """In a few words."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return "its certificate is not trusted. Give caCert, or insecure: true trusts it anyway"
    if isinstance(error, ConnectionRefusedError):
        return "connection refused. Is the broker on, the port right?"
    if isinstance(error, TimeoutError):
        return "no answer in time. Is it on, the address right?"
    text = str(error)
    return "the name does not resolve" if "known" in text or "resol" in text.lower() else text
