"""``type: movingaverage``: a restless meter, smoothed."""

from collections.abc import Iterable

from evcc_flask.bus.needs import Need
from evcc_flask.plugins.ports import Source, Value

from .sources import number


class Smoothed:
    """Each new answer counts ``decay`` (0 to 1), what went before the rest."""

    def __init__(self, source: Source, decay: float) -> None:
        self._source = source
        self._decay = decay
        self._mean: float | None = None
        self._mean_at_s: float | None = None

    def needs(self) -> Iterable[Need]:
        return self._source.needs()

    def at_s(self) -> float | None:
        return self._source.at_s()

    def value(self) -> Value:
        at_s = self._source.at_s()
        latest = number(self._source.value())
        if self._mean is None:
            self._mean = latest
        elif at_s != self._mean_at_s:
            self._mean += self._decay * (latest - self._mean)
        self._mean_at_s = at_s
        return self._mean
