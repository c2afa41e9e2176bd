"""Values from and to programs of this machine; a command line is split, but no shell sees it."""

import os
import select
import shlex
import shutil
import signal
import subprocess
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from evcc_flask.bus.needs import ErrorKind, Need, ReadError
from evcc_flask.domain.issues import Misconfigured
from evcc_flask.domain.ports import Clock

from .fields import Duration, Text, Timeout
from .made import Fetched, Written
from .pipeline import PipelineSchema, pipeline
from .ports import Sink, Source, Value
from .problems import Problems
from .shop import Shop
from .values import Kind
from .wording import Wording, wording

LARGEST = 1024 * 1024
"""Bytes of output."""


class Script(PipelineSchema):
    cmd = Text(required=True)
    timeout = Timeout(load_default=10.0)
    cache = Duration(load_default=0.0)


@dataclass(frozen=True)
class Run:
    """A Procedure: one run of a program."""

    command: str
    timeout_s: float
    clock: Clock = field(compare=False, repr=False)

    def run(self, wire: Any) -> bytes:
        """What the program wrote to its standard output. Raises ReadError."""
        words = shlex.split(self.command)
        try:
            process = subprocess.Popen(
                words,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env={key: value for key, value in os.environ.items() if not key.startswith("EVCC_")},
                start_new_session=True,
            )
        except (OSError, ValueError) as error:
            raise ReadError(ErrorKind.CONNECTION, f"{words[0]} cannot be started: {error}") from None
        with process:
            try:
                body = self._output(process, words[0])
            finally:
                # What it started goes with it.
                with suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
        return body

    def _output(self, process: "subprocess.Popen[bytes]", name: str) -> bytes:
        assert process.stdout is not None
        body, until_s = b"", self.clock.wire_s() + self.timeout_s
        while select.select([process.stdout], [], [], max(0.0, until_s - self.clock.wire_s()))[0]:
            chunk = os.read(process.stdout.fileno(), 65536)
            body += chunk
            if len(body) > LARGEST:
                raise ReadError(ErrorKind.VALUE, f"{name} wrote more than 1 MiB")
            if not chunk:
                break
        try:
            status = process.wait(max(0.0, until_s - self.clock.wire_s()))
        except subprocess.TimeoutExpired:
            raise ReadError(ErrorKind.TIMEOUT, f"{name} did not end within {self.timeout_s:g} s") from None
        if status:
            raise ReadError(ErrorKind.REFUSED, f"{name} ended with status {status}")
        return body.strip()

    def __str__(self) -> str:
        return self.command.split()[0]


def source(node: dict[str, Any], shop: Shop, kind: Kind, max_age_s: float) -> Source:
    problems = Problems()
    settings = problems.sound(Script(), node)
    steps = problems.build(lambda: pipeline(settings, kind))
    command = problems.build(lambda: _command(settings.get("cmd", ""), ""), "cmd")
    problems.end()
    assert steps is not None
    assert command is not None
    run = Run(command.filled(), settings["timeout"], shop.clock)
    return Fetched(Need(shop.calls(), run, max(max_age_s, settings["cache"])), steps.run)


def sink(node: dict[str, Any], param_name: str, shop: Shop) -> Sink:
    problems = Problems()
    settings = problems.sound(Script(), node)
    command = problems.build(lambda: _command(settings.get("cmd", ""), param_name), "cmd")
    problems.build(lambda: _there(settings.get("cmd", "")), "cmd")
    problems.end()
    assert command is not None
    link = shop.calls()

    def write(value: Value) -> None:
        run = Run(command.filled(value), settings["timeout"], shop.clock)

        def job(wire: Any) -> None:
            run.run(wire)

        link.do(job)

    return Written(link, write)


def _there(text: str) -> None:
    """Raises Misconfigured where the program of a setter does not exist: nobody would notice before it is needed."""
    with suppress(ValueError):
        program = next(iter(shlex.split(text)), "")
        if program and "$" not in program and "{" not in program and shutil.which(program) is None:
            remedy = "Is it installed, the path right, and may it be run?"
            raise Misconfigured(f"there is no program {program!r}", remedy=remedy)


def _command(text: str, name: str) -> Wording:
    try:
        if not shlex.split(text):
            raise Misconfigured("is empty")
    except ValueError as error:
        raise Misconfigured(f"this cannot be split into words: {error}") from None
    return wording(text, name)
