"""What every source of rates is to those who fetch from it."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Protocol

from evcc_flask.bus.needs import Link
from evcc_flask.domain.rates import Rate, TariffKind


class Feed(Protocol):
    """One tariff's source. ``name``: for people (tibber); ``refresh_s``: house seconds between two fetches.

    ``link``: the worker that ``fetch`` is run on, None where nothing is fetched from anywhere. ``calls_a_day``: more
    the provider does not allow, 0: no limit. ``keeps_s``: rates older than that are not believed, 0: they hold until
    they end.
    """

    @property
    def name(self) -> str: ...

    @property
    def kind(self) -> TariffKind: ...

    @property
    def refresh_s(self) -> float: ...

    @property
    def link(self) -> Link | None: ...

    @property
    def calls_a_day(self) -> int: ...

    @property
    def keeps_s(self) -> float: ...

    def rests(self, now: datetime) -> bool:
        """Whether it shall not be asked at this hour."""
        ...

    def fetch(self, wire: Any, now: datetime) -> Sequence[Rate]:
        """Quarters in local wall time, priced in full. Raises ReadError."""
        ...
