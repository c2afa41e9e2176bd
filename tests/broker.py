"""A real MQTT broker on a free port, and somebody who speaks on it."""

import socket
import subprocess
from collections.abc import Callable
from pathlib import Path
from threading import Condition, Event
from time import monotonic
from types import TracebackType
from typing import Any, Self

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion

PATIENCE_S = 15.0


def eventually(condition: Callable[[], Any]) -> Any:
    """What ``condition`` gives once it is true; a failed assertion in it counts as not yet."""
    until = monotonic() + PATIENCE_S
    while True:
        try:
            if found := condition():
                return found
        except AssertionError:
            if monotonic() > until:
                raise
        assert monotonic() <= until, "it did not come true in time"
        Event().wait(0.02)


def free_port() -> int:
    """A port that nobody uses now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Broker:
    """mosquitto; ``stop`` and ``start`` again is the same broker with an empty memory."""

    def __init__(self, folder: Path, password: str = "", tls: Any = None) -> None:
        self.port = free_port()
        self._conf = folder / "mosquitto.conf"
        lines = [f"listener {self.port} 127.0.0.1", "persistence false", "user root"]
        if password:
            secrets = folder / "passwords"
            secrets.touch(mode=0o600)
            subprocess.run(["mosquitto_passwd", "-b", str(secrets), "car", password], check=True)
            lines += ["allow_anonymous false", f"password_file {secrets}"]
        else:
            lines += ["allow_anonymous true"]
        if tls is not None:
            lines += [f"certfile {tls[0]}", f"keyfile {tls[1]}"]
        self._conf.write_text("\n".join(lines) + "\n")
        self._process: subprocess.Popen[str] | None = None

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    def start(self) -> Self:
        self._process = subprocess.Popen(
            ["mosquitto", "-v", "-c", str(self._conf)], stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True
        )
        assert self._process.stderr is not None
        told = []
        for line in self._process.stderr:
            told.append(line)
            if "running" in line:
                break
        else:
            raise AssertionError("mosquitto did not start: " + "".join(told))
        self._pipe = subprocess.Popen(["cat"], stdin=self._process.stderr, stdout=subprocess.DEVNULL)
        return self

    def stop(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._pipe.wait()
            self._process = None

    __enter__ = start

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


class Speaker:
    """A client of the broker: says things, and hears what others say."""

    def __init__(self, broker: Broker) -> None:
        self.heard: list[tuple[str, str, bool]] = []
        self._news = Condition()
        self._client = paho.Client(CallbackAPIVersion.VERSION2)
        self._client.on_message = self._on_message
        self._client.connect("127.0.0.1", broker.port)
        self._client.loop_start()

    def says(self, topic: str, payload: str, *, retain: bool = True) -> None:
        self._client.publish(topic, payload, qos=1, retain=retain).wait_for_publish(PATIENCE_S)

    def listens(self, topic: str) -> None:
        subscribed = Condition()
        done: list[int] = []

        def on_subscribe(*_: Any) -> None:
            with subscribed:
                done.append(1)
                subscribed.notify_all()

        self._client.on_subscribe = on_subscribe
        self._client.subscribe(topic, 1)
        with subscribed:
            assert subscribed.wait_for(lambda: bool(done), PATIENCE_S)

    def hears(self, topic: str, payload: str) -> bool:
        """Wait for a message; whether it was retained."""
        with self._news:
            assert self._news.wait_for(lambda: self._kept(topic, payload), PATIENCE_S), self.heard
            return self._kept(topic, payload)[0]

    def _kept(self, topic: str, payload: str) -> list[bool]:
        return [kept for where, what, kept in self.heard if (where, what) == (topic, payload)]

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    def _on_message(self, _client: Any, _data: Any, message: paho.MQTTMessage) -> None:
        with self._news:
            self.heard.append((message.topic, message.payload.decode(), bool(message.retain)))
            self._news.notify_all()
