"""All tariffs of the house side by side: fetched in the background, kept on disk, told in an instant.

One thread minds when what is due; each source is asked on a worker of its own, so that a dead one delays nobody. What
was fetched last is used until it runs out, over restarts too, and said to be old when it is.
"""

import hashlib
import json
import logging
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, tzinfo
from threading import Condition, Thread
from typing import Any

from evcc_flask.bus.needs import ErrorKind, ReadError
from evcc_flask.domain.backoff import Backoff
from evcc_flask.domain.issues import Issue
from evcc_flask.domain.ports import Clock
from evcc_flask.domain.rates import SLOT, Outlook, Rate, Tariff, TariffKind, Usage, from_now

from .feed import Feed, Told
from .slots import local, midnight

log = logging.getLogger("tariff")

LOOK_S = 60.0
"""House seconds between two looks at the calendar, whatever is due."""
HURRY_S = 0.5
"""Real seconds between two fetches of one source, at least, in a demo faster than life."""
UNTRUSTED_S = 5.0
"""Real seconds until the wall clock is looked at again: without it no price has a time."""
REFUSED_S = 900.0
"""House seconds for which a source is left alone that refused, or told nonsense."""
DAY = timedelta(days=1)
LIMITED_S = (60.0, 86400.0)
"""House seconds for which a source is left alone that wants fewer calls: at least, at most, whatever it tells."""
PATIENCE = Backoff(step_s=1.0)


@dataclass(slots=True)
class Place:
    """One source in its place. Times ``_s``: house monotonic; ``calls``: wall times of the last day's;
    ``kept``: the rates that are on the disk. ``limited``: so often in a row it wanted fewer calls.
    ``continues``: it counts from where the source before it ends.
    """

    usage: Usage
    feed: Feed
    key: str
    mark: str
    continues: bool = False
    rates: tuple[Rate, ...] = ()
    kept: tuple[Rate, ...] = ()
    fetched: datetime | None = None
    calls: list[datetime] = field(default_factory=list)
    error: str = ""
    left_out: str = ""
    backoff: Backoff = field(default_factory=lambda: PATIENCE)
    limited: int = 0
    due_s: float = float("-inf")
    busy: bool = False


@dataclass(frozen=True, slots=True)
class Shelf:
    """Where fetched rates outlast the process: ``kept`` is what earlier runs gave to ``keep``, by key; plain JSON."""

    kept: Mapping[str, Any] = field(default_factory=dict)
    keep: Callable[[str, Any], None] = lambda key, value: None


NO_SHELF = Shelf()


class Board:
    """Implements :class:`evcc_flask.domain.ports.Tariffs`."""

    def __init__(
        self,
        feeds: Sequence[tuple[Usage, Feed, str]],
        clock: Clock,
        *,
        currency: str = "EUR",
        zone: tzinfo | None = None,
        shelf: Shelf = NO_SHELF,
        continuing: Collection[int] = (),
    ) -> None:
        """``feeds``: usage, source, and a mark that is another one when the source's settings are.

        ``continuing``: places of those that tell what comes after the one before them. Does no I/O; fixed prices and
        what was kept are known at once.
        """
        self._clock = clock
        self._currency = currency
        self._zone = zone
        self._keep = shelf.keep
        self._changed = Condition()
        self._closed = False
        self._news = False
        self._thread: Thread | None = None
        self._places = [
            Place(usage, feed, f"{usage.value}{number}", mark, number in continuing)
            for number, (usage, feed, mark) in enumerate(feeds)
        ]
        for place in self._places:
            self._recall(place, shelf.kept.get(place.key))
            if place.feed.link is None:
                self._fetched(place, self._fetch(place, None))
        self._outlook = self._looked()

    def outlook(self) -> Outlook:
        """What is known now. Instant."""
        return self._outlook

    def start(self) -> None:
        """Begin to fetch; returns at once."""
        if self._places and self._thread is None:
            self._thread = Thread(target=self._run, name="tariffs", daemon=True)
            self._thread.start()

    def sources(self) -> dict[Usage, list[str]]:
        """The names of all sources by what they are for."""
        named: dict[Usage, list[str]] = {}
        for place in self._places:
            named.setdefault(place.usage, []).append(place.feed.name)
        return named

    def settle(self, timeout_s: float) -> None:
        """Wait at most ``timeout_s`` real seconds until every source has answered or failed once."""
        with self._changed:
            self._changed.wait_for(lambda: all(place.fetched or place.error for place in self._places), timeout_s)
        self._outlook = self._looked()

    def close(self) -> None:
        """End the thread. What is under way ends with the bus."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        if self._thread is not None:
            self._thread.join(1.0)

    def _run(self) -> None:
        while True:
            with self._changed:
                if self._closed:
                    return
                self._news = False
                due = [place for place in self._places if self._is_due(place)]
                for place in due:
                    place.busy = True
            for place in due:
                self._begin(place)
            self._outlook = self._looked()
            with self._changed:
                self._changed.wait_for(lambda: self._closed or self._news, self._pause_s())

    def _is_due(self, place: Place) -> bool:
        if place.busy or not self._clock.trusted():
            return False
        now = self._clock.now()
        if place.feed.link is None and place.rates and not place.rates[0].start <= now < place.rates[-1].end:
            return True  # the wall clock was set
        return place.due_s <= self._clock.monotonic_s() and not (place.rates and place.feed.rests(now))

    def _pause_s(self) -> float:
        if not self._clock.trusted():
            return UNTRUSTED_S
        now_s = self._clock.monotonic_s()
        waits_s = [place.due_s - now_s for place in self._places if not place.busy and place.due_s > now_s]
        return max(HURRY_S, self._clock.real_s(min([LOOK_S, *waits_s])))

    def _begin(self, place: Place) -> None:
        link = place.feed.link
        if link is None:
            self._fetched(place, self._fetch(place, None))
            return
        now = self._clock.now()
        place.calls = [*(call for call in place.calls if now - call < DAY), now]
        found: list[Told] = []

        def job(wire: Any) -> None:
            found.append(place.feed.fetch(wire, now))

        def done(error: ReadError | None) -> None:
            if self._closed:
                return
            self._fetched(place, error if error is not None else found[0])
            with self._changed:
                self._news = True
                self._changed.notify_all()

        link.submit(job, done)

    def _fetch(self, place: Place, wire: Any) -> Told | ReadError:
        try:
            return place.feed.fetch(wire, self._clock.now())
        except ReadError as error:
            return error

    def _fetched(self, place: Place, found: Told | ReadError) -> None:
        now_s, now = self._clock.monotonic_s(), self._clock.now()
        if not isinstance(found, ReadError) and not found:
            found = ReadError(ErrorKind.VALUE, f"{place.feed.name} answered without a single rate")
        with self._changed:
            place.busy = False
            if isinstance(found, ReadError):
                self._failed(place, found, now_s)
            else:
                if place.error:
                    log.info("%s (%s) answers again.", place.usage.value, place.feed.name)
                place.rates = _merged(place.rates, found, midnight(local(now, self._zone).date(), self._zone))
                if found.left_out and not place.left_out:
                    log.warning("%s (%s): %s. The rest is used.", place.usage.value, place.feed.name, found.left_out)
                place.fetched, place.error, place.left_out, place.backoff = now, "", found.left_out, PATIENCE
                place.limited, place.due_s = 0, now_s + place.feed.refresh_s
            place.due_s = max(place.due_s, now_s + self._spacing_s(place, now))
            news = self._is_news(place, now)
        if news:
            self._keep(place.key, _kept(place))

    def _is_news(self, place: Place, now: datetime) -> bool:
        """Whether the disk has to know: rates that it does not hold yet, or one more of a few calls."""
        if place.feed.link is None:
            return False
        coming = tuple(from_now(place.rates, now))
        same = place.kept[-len(coming) :] == coming if coming else True
        if not same:
            place.kept = place.rates
        return not same or place.feed.calls_a_day > 0

    def _failed(self, place: Place, error: ReadError, now_s: float) -> None:
        """Who refuses is left alone for a while; everything else is tried again soon."""
        if place.error != str(error):
            log.warning("%s (%s): %s", place.usage.value, place.feed.name, error)
        place.error = str(error)
        place.backoff = place.backoff.failed(now_s)
        place.due_s = place.backoff.until_s
        if error.kind in (ErrorKind.REFUSED, ErrorKind.VALUE):
            place.due_s = now_s + min(place.feed.refresh_s, REFUSED_S)
        if error.kind is ErrorKind.LIMITED:
            least_s, most_s = LIMITED_S
            told_s = REFUSED_S * 2.0 ** min(place.limited, 10) if error.after_s is None else error.after_s
            place.limited += 1
            place.due_s = now_s + min(max(least_s, told_s), most_s)
        if error.kind is ErrorKind.CONNECTION and place.calls:
            place.calls.pop()  # why: what did not reach the provider is none of the calls that it counts

    def _spacing_s(self, place: Place, now: datetime) -> float:
        """House seconds that the provider's daily allowance demands until the next call.

        After a call without an answer it is its even share of the day: trying again must not use up the others.
        """
        allowed, calls = place.feed.calls_a_day, place.calls
        if not allowed or not calls:
            return 0.0
        answered = place.fetched is not None and place.fetched >= calls[-1]
        wait = timedelta() if answered else calls[-1] + DAY / allowed - now
        if len(calls) >= allowed:
            wait = max(wait, calls[-allowed] + DAY - now)
        return min(max(timedelta(), wait), DAY).total_seconds()

    def _recall(self, place: Place, row: Any) -> None:
        """What an earlier run had fetched with the same settings; a row that makes no sense is none."""
        try:
            if place.feed.link is None or row["mark"] != place.mark:
                return
            rates = tuple(_rate(start_s, lasts_s, value, self._zone) for start_s, lasts_s, value in row["rates"])
            fetched = datetime.fromisoformat(row["fetched"]) if row["fetched"] else None
            calls = [datetime.fromisoformat(call) for call in row["calls"]]
        except (TypeError, ValueError, KeyError, OverflowError, OSError):
            return
        place.rates, place.kept, place.fetched, place.calls = rates, rates, fetched, calls
        now_s, now = self._clock.monotonic_s(), self._clock.now()
        if fetched is not None:
            place.due_s = now_s + place.feed.refresh_s - max(0.0, (now - fetched).total_seconds())
        place.due_s = max(place.due_s, now_s + self._spacing_s(place, now))

    def _looked(self) -> Outlook:
        """All that is known now, as one value."""
        now = self._clock.now()
        with self._changed:
            tariffs: dict[Usage, Tariff] = {}
            for usage in Usage:
                places = [place for place in self._places if place.usage is usage]
                if places:
                    tariffs[usage] = Tariff(places[0].feed.kind, _summed(self._chained(places, now)))
            issues = tuple(issue for place in self._places if (issue := self._issue(place, now)))
        planned = tariffs.get(Usage.PLANNER) or _planned(tariffs)
        return Outlook(self._currency, tariffs | ({Usage.PLANNER: planned} if planned else {}), issues)

    def _chained(self, places: Sequence[Place], now: datetime) -> list[tuple[Rate, ...]]:
        """What each source tells, with what others tell of the time after it."""
        chains: list[tuple[Rate, ...]] = []
        for place in places:
            rates = self._believed(place, now)
            if place.continues and chains:
                first = chains.pop()
                rates = (*first, *(rate for rate in rates if not first or rate.start >= first[-1].end))
            chains.append(rates)
        return chains

    def _believed(self, place: Place, now: datetime) -> tuple[Rate, ...]:
        old = place.feed.keeps_s and (place.fetched is None or _age_s(place, now) > place.feed.keeps_s)
        return () if old or not place.rates or place.rates[-1].end <= now else place.rates

    def _issue(self, place: Place, now: datetime) -> Issue | None:
        known, fresh = self._believed(place, now), _age_s(place, now) <= 2 * place.feed.refresh_s
        if (known and (fresh or place.feed.rests(now))) or (place.fetched is None and not place.error):
            return _partial(place) if known and place.left_out else None
        why = place.error or ("what it told has passed" if fresh else "it does not answer")
        until = f"What is known reaches until {known[-1].end:%d.%m. %H:%M}." if known else "Nothing is known of it now."
        since = f"since {place.fetched:%d.%m. %H:%M}" if place.fetched else "yet"
        end = "" if why.endswith((".", "?", "!")) else "."
        message = f"{place.feed.name} has told nothing new {since}: {why}{end}"
        remedy = f"{until} {self._asked_again(place, now)}"
        return Issue("tariff", message, device=place.usage.value, remedy=remedy, fatal=False)

    def _asked_again(self, place: Place, now: datetime) -> str:
        wait_s = place.due_s - self._clock.monotonic_s()
        if place.busy or wait_s <= LOOK_S:
            return "It is asked again and again."
        at = local(now + timedelta(seconds=wait_s), self._zone)
        return f"It is asked again at {at:%H:%M}." if wait_s < 43200 else f"It is asked again at {at:%d.%m. %H:%M}."


def _partial(place: Place) -> Issue:
    remedy = "The rest is used; where a price is missing, nothing is charged for being cheap."
    message = f"of what {place.feed.name} told a part is left out: {place.left_out}."
    return Issue("tariff", message, device=place.usage.value, remedy=remedy, fatal=False)


def mark_of(settings: Any) -> str:
    """Another one for other settings; nothing can be read from it."""
    return hashlib.blake2b(json.dumps(settings, sort_keys=True, default=str).encode(), digest_size=9).hexdigest()


def _planned(tariffs: Mapping[Usage, Tariff]) -> Tariff | None:
    """What is planned by where nothing was named for it: a price that is foretold, else emissions, else the price."""
    grid, co2 = tariffs.get(Usage.GRID), tariffs.get(Usage.CO2)
    if grid is not None and grid.kind is TariffKind.FORECAST:
        return grid
    return co2 or grid


def _merged(old: Sequence[Rate], new: Sequence[Rate], since: datetime) -> tuple[Rate, ...]:
    """New rates replace old ones from their first slot on; what has been today stays."""
    return (*(rate for rate in old if since < rate.end <= new[0].start), *new)


def _summed(feeds: list[tuple[Rate, ...]]) -> tuple[Rate, ...]:
    """Several roofs as one: where all of them say something."""
    if len(feeds) == 1:
        return feeds[0]
    values = [{rate.start: rate.value for rate in rates} for rates in feeds]
    return tuple(
        Rate(rate.start, rate.end, sum(each[rate.start] for each in values))
        for rate in feeds[0]
        if all(rate.start in each for each in values)
    )


def _age_s(place: Place, now: datetime) -> float:
    return (now - place.fetched).total_seconds() if place.fetched else float("inf")


def _kept(place: Place) -> dict[str, Any]:
    """As plain JSON: a rate is its start in Unix seconds, its quarters of an hour, its value."""
    return {
        "mark": place.mark,
        "fetched": place.fetched.isoformat() if place.fetched else None,
        "calls": [call.isoformat() for call in place.calls] if place.feed.calls_a_day else [],
        "rates": [
            [int(rate.start.timestamp()), int((rate.end - rate.start).total_seconds()), rate.value]
            for rate in place.rates
        ],
    }


def _rate(start_s: Any, lasts_s: Any, value: Any, zone: tzinfo | None) -> Rate:
    start = datetime.fromtimestamp(int(start_s), UTC)
    lasts = timedelta(seconds=min(max(1, int(lasts_s)), int(SLOT.total_seconds()) * 4 * 24))
    return Rate(local(start, zone), local(start + lasts, zone), float(value))
