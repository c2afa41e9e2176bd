"""Problems become issues: a schema's messages and what a device's construction raised, with file, line and key."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from marshmallow import Schema, ValidationError

from evcc_flask.domain.issues import Issue, Misconfigured

from .model import Configuration, DeviceConfig, Place
from .sections import Warned

PARSING = "failed parsing config file: "
"""evcc's own web page looks for these words."""
_UNKNOWN = "is not a known setting."


@dataclass(slots=True)
class Report:
    """``found``: (path in lower case, issue), in the order of finding. ``file``: the name that issues show."""

    file: str
    places: Mapping[str, Place]
    found: list[tuple[str, Issue]] = field(default_factory=list)

    def add(self, kind: str, path: str, message: str, *, fatal: bool = True, device: str = "") -> None:
        """``message``: what is wrong, and after the first full stop what would be right."""
        wrong, stop, remedy = message.partition(". ")
        if wrong == _UNKNOWN.rstrip("."):
            # Once is enough for those who look for the words.
            said = any(issue.message.startswith(PARSING) for _, issue in self.found)
            wrong = "unknown key" if said else f"{PARSING}unknown key"
        place = self.place(path)
        issue = Issue(kind, sentence(wrong), place.file, place.line, place.key, device, remedy if stop else "", fatal)
        self.found.append((path, issue))

    def place(self, path: str) -> Place:
        """The place of a path; of something that is not written, the nearest place above it."""
        return _place(self.places, path, self.file)

    def checked(self, schema: Schema, data: Any, kind: str, path: str = "", device: str = "") -> dict[str, Any]:
        """What ``schema`` makes of ``data``; what is wrong is added here, and the valid rest is returned."""
        try:
            return dict(schema.load(data))
        except ValidationError as error:
            for steps, message in _messages(error.messages):
                self.add(kind, joined(path, steps), message, fatal=not isinstance(message, Warned), device=device)
            return dict(error.valid_data) if isinstance(error.valid_data, Mapping) else {}

    def faults(self, path: str) -> Iterator[Issue]:
        """The fatal issues at and below a path."""
        for at, issue in self.found:
            if issue.fatal and (at == path or at.startswith((f"{path}.", f"{path}["))):
                yield issue


def ordered(issues: Iterable[Issue]) -> tuple[Issue, ...]:
    """As one reads a file: by line."""
    return tuple(sorted(issues, key=lambda issue: (issue.file, issue.line or 0)))


def joined(path: str, steps: tuple[str | int, ...]) -> str:
    """``meters[0]`` and (``power``, ``in``, 0) as ``meters[0].power.in[0]``."""
    for step in steps:
        path += f"[{step}]" if isinstance(step, int) else f".{step.lower()}"
    return path.lstrip(".")


def issues_of(
    configuration: Configuration, device: DeviceConfig, problem: Misconfigured | ExceptionGroup, kind: str
) -> tuple[Issue, ...]:
    """What the construction of ``device`` raised, by the lines of the file. Foreign exceptions are raised again."""
    return tuple(_issue(configuration, device, single, kind) for single in _singles(problem))


def _issue(configuration: Configuration, device: DeviceConfig, problem: Misconfigured, kind: str) -> Issue:
    file = Path(configuration.file).name if configuration.file else ""
    place = _place(configuration.places, joined(device.path, problem.path), file)
    return Issue(
        kind, sentence(problem.message), place.file, place.line, place.key, device.name, sentence(problem.remedy)
    )


def _singles(problem: Misconfigured | ExceptionGroup) -> Iterator[Misconfigured]:
    if isinstance(problem, Misconfigured):
        yield problem
        return
    for inner in problem.exceptions:
        if not isinstance(inner, (Misconfigured, ExceptionGroup)):
            raise inner
        yield from _singles(inner)


def _place(places: Mapping[str, Place], path: str, file: str) -> Place:
    above = path
    while above and above not in places:
        above = above[: max(above.rfind("."), above.rfind("["), 0)]
    if not above:
        return Place(file, None, path)
    known = places[above]
    return Place(known.file, known.line, known.key + path[len(above) :])


def sentence(text: str) -> str:
    """``text`` with a full stop, if it ends without any sign."""
    return text if not text or text.endswith((".", "?", "!")) else f"{text}."


def _messages(messages: Any, steps: tuple[str | int, ...] = ()) -> Iterator[tuple[tuple[str | int, ...], str]]:
    if isinstance(messages, Mapping):
        for key, below in messages.items():
            yield from _messages(below, steps if key == "_schema" else (*steps, key))
        return
    for message in messages if isinstance(messages, list) else [messages]:
        if isinstance(message, (Mapping, list)):
            yield from _messages(message, steps)
        else:
            yield steps, message
