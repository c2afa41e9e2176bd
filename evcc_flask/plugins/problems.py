"""All problems of a node at once: a typo must not hide the next one until the first is mended."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any, TypeVar

from marshmallow import ValidationError

from evcc_flask.domain.issues import Misconfigured

from .fields import Loose, as_map

T = TypeVar("T")
Path = tuple[str | int, ...]


class Problems:
    """Collects what goes wrong while a node is built; ``end`` raises all of it as one group."""

    def __init__(self) -> None:
        self.found: list[Misconfigured] = []
        self._refused: set[Path] = set()
        self._path: Path = ()

    @contextmanager
    def below(self, *path: str | int) -> Iterator[None]:
        """Keep what is raised inside, with ``path`` in front; inside of each other, paths join."""
        outer, self._path = self._path, (*self._path, *path)
        try:
            yield
        except (Misconfigured, ExceptionGroup) as error:
            for problem in problems_of(error):
                self.tell(problem.message, *problem.path, remedy=problem.remedy)
        except ValidationError as error:
            self.found += _flat(error.messages, self._path)
        finally:
            self._path = outer

    def build(self, make: Callable[[], T], *path: str | int) -> T | None:
        """What ``make`` returns; None, and its problems kept, where it fails."""
        with self.below(*path):
            return make()
        return None

    def tell(self, message: str, *path: str | int, remedy: str = "") -> None:
        """Keep one problem; none of a setting that its schema has refused already."""
        place = (*self._path, *path)
        if place not in self._refused:
            self.found.append(Misconfigured(message, place, remedy))

    def load(self, schema: Loose, node: Any) -> dict[str, Any] | None:
        """``node`` checked; its problems are kept and its sound settings come back, so that these are looked into, too.

        None where a setting is missing without which nothing can be said.
        """
        settings = self.sound(schema, node)
        return settings if all(name in settings for name in schema.required()) else None

    def sound(self, schema: Loose, node: Any) -> dict[str, Any]:
        """As ``load``, but what is there comes back in any case: only settings that must be there may be missing."""
        try:
            return schema.load_loose(node)
        except ValidationError as error:
            refused = list(_flat(error.messages, self._path))
            self.found += refused
            self._refused |= {problem.path for problem in refused}
            wrong = set(error.messages) if isinstance(error.messages, Mapping) else set()
        kept = {key: value for key, value in (as_map(node) or {}).items() if key not in wrong}
        with suppress(ValidationError):
            return schema.load_loose(kept, partial=schema.required())
        return schema.load_loose({}, partial=schema.required())

    def end(self) -> None:
        """Raise what was found, if anything was."""
        if self.found:
            raise ExceptionGroup("this configuration cannot work", self.found)


def problems_of(error: Misconfigured | ExceptionGroup[Any]) -> list[Misconfigured]:
    """Every Misconfigured in what a builder raised, in order. Anything else in a group is raised again."""
    if isinstance(error, Misconfigured):
        return [error]
    ours, others = error.split(Misconfigured)
    if others is not None:
        raise others
    return list(_leaves(ours)) if ours is not None else []


def load(schema: Loose, node: Any) -> dict[str, Any]:
    """Check ``node`` against ``schema``; raises a group of Misconfigured, each with its path."""
    try:
        return schema.load_loose(node)
    except ValidationError as error:
        raise ExceptionGroup("this configuration cannot work", list(_flat(error.messages, ()))) from None


def _flat(messages: Any, path: Path) -> Iterator[Misconfigured]:
    if isinstance(messages, Mapping):
        for key, below in messages.items():
            yield from _flat(below, path if key == "_schema" else (*path, key))
    elif isinstance(messages, str):
        yield Misconfigured(messages, path)
    else:
        for message in messages:
            yield from _flat(message, path)


def _leaves(group: ExceptionGroup[Misconfigured]) -> Iterable[Misconfigured]:
    for error in group.exceptions:
        if isinstance(error, ExceptionGroup):
            yield from _leaves(error)
        else:
            yield error
