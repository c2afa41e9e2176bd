from datetime import UTC, datetime, timedelta

import pytest

from evcc_flask.domain.sessions import SessionRow
from evcc_flask.storage.database import Database


class TestClock:
    """A wall clock that stands still until it is told."""

    __test__ = False

    def __init__(self):
        self.time = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)
        self.right = True

    def now(self):
        return self.time

    def trusted(self):
        return self.right


@pytest.fixture
def clock():
    return TestClock()


@pytest.fixture
def path(tmp_path):
    return tmp_path / "evcc.db"


@pytest.fixture
def opened(path, clock):
    """Opens the database at ``path``; all are closed at the end."""
    there = []

    def open_database():
        there.append(Database.open(path, clock))
        return there[-1]

    yield open_database
    for database in there:
        database.close()


@pytest.fixture
def row():
    """A session that began at 10 o'clock UTC; keywords change it."""

    def make(**changes):
        created = changes.pop("created", datetime(2026, 5, 4, 10, 0, tzinfo=UTC))
        values = {
            "key": "0-1",
            "loadpoint": 0,
            "title": "Carport",
            "vehicle": "blauer e-Golf",
            "identifier": "",
            "created": created,
            "finished": created and created + timedelta(hours=1),
            "meter_start_kwh": 100.0,
            "meter_stop_kwh": 107.5,
            "charged_kwh": 7.5,
            "charge_duration_s": 3600.0,
            "solar_percent": 80.0,
            "price": None,
            "price_per_kwh": None,
            "co2_per_kwh": None,
            "odometer_km": None,
            "closed": True,
        }
        return SessionRow(**values | changes)

    return make
