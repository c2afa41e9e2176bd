"""What every source of rates is to those who fetch from it."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any, Protocol

from evcc_flask.bus.needs import Link
from evcc_flask.domain.rates import Rate, TariffKind


class Told(list[Rate]):
    """Rates, in order; ``left_out`` says what of the answer made no sense and is missing among them."""

    def __init__(self, rates: Iterable[Rate] = (), left_out: str = "") -> None:
        super().__init__(rates)
        self.left_out = left_out


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

    def fetch(self, wire: Any, now: datetime) -> Told:
        """Quarters in local wall time, priced in full. Raises ReadError."""
        ...
