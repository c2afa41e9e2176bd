"""What has flowed and is not on the disk yet: written with whatever is written, or on its own at a quarter's end."""

from collections.abc import Mapping

from evcc_flask.domain.quarters import Quarter, together


class Flowed:
    """Parts of quarters, added up until they are taken."""

    def __init__(self) -> None:
        self._parts: dict[int, Quarter] = {}

    def add(self, part: Quarter | None) -> None:
        """One cycle's part; None: nobody could say when it was."""
        if part is not None:
            self._parts = together(self._parts, {part.number: part})

    @property
    def complete(self) -> bool:
        """Whether a quarter has ended since the last write."""
        return len(self._parts) > 1

    def taken(self) -> Mapping[int, Quarter]:
        """All there is, for the disk."""
        parts, self._parts = self._parts, {}
        return parts
