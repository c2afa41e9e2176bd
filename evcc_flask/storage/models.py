"""The tables as peewee sees them; ``migrations/`` makes them. Queries are given their database when they run.

Times are text with the house's offset (``2026-05-04 22:00:00+02:00``); SQLite's own UTC text without offset, which old
evcc rows hold, is read too. Setting values are JSON, except that a word stands without quotes, as evcc writes it.
"""

import json
import logging
from datetime import UTC, datetime
from typing import Any

from peewee import AutoField, BooleanField, FloatField, IntegerField, Model, TextField

# peewee's debug lines show what is stored, the password's hash and the key of the sessions too, whoever asks for them.
logging.getLogger("peewee").addFilter(lambda record: record.levelno > logging.DEBUG)


class MomentField(TextField):
    """An aware datetime as text; what cannot be read is None."""

    def db_value(self, value: datetime | None) -> str | None:
        return None if value is None else value.isoformat(sep=" ")

    def python_value(self, value: Any) -> datetime | None:
        try:
            moment = datetime.fromisoformat(value)
        except (TypeError, ValueError):
            return None
        return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


class ValueField(TextField):
    """Any JSON value; a word that is no JSON stands for itself."""

    def db_value(self, value: Any) -> str:
        if isinstance(value, str) and _parsed(value) == value:
            return value
        return json.dumps(value, ensure_ascii=False)

    def python_value(self, value: Any) -> Any:
        return _parsed(value)


def _parsed(text: Any) -> Any:
    try:
        return json.loads(text)
    except (TypeError, ValueError):
        return text


class Setting(Model):
    """One stored wish."""

    key = TextField(primary_key=True)
    value = ValueField(null=True)

    class Meta:
        table_name = "settings"


class Session(Model):
    """One plug-in. Energies and meters in kWh, ``charge_duration`` in ns, ``co2_per_kwh`` in g.

    Ours beside evcc's: ``key`` (the core's name of an open session), ``closed`` (the car has left),
    ``loadpoint_index`` (0-based), ``named`` (a person gave vehicle or loadpoint; ours no longer overwrites them),
    ``removed`` (deleted by a person while the car is still plugged in).
    """

    id = AutoField()
    created = MomentField(null=True)
    finished = MomentField(null=True)
    loadpoint = TextField(null=True)
    identifier = TextField(null=True)
    vehicle = TextField(null=True)
    odometer = FloatField(null=True)
    meter_start_kwh = FloatField(null=True)
    meter_end_kwh = FloatField(null=True)
    charged_kwh = FloatField(null=True)
    solar_percentage = FloatField(null=True)
    price = FloatField(null=True)
    price_per_kwh = FloatField(null=True)
    co2_per_kwh = FloatField(null=True)
    charge_duration = IntegerField(null=True)
    key = TextField(null=True)
    closed = BooleanField(null=True)
    loadpoint_index = IntegerField(null=True)
    named = BooleanField(null=True)
    removed = BooleanField(null=True)

    class Meta:
        table_name = "sessions"


class ChangeRow(Model):
    """One entry of the journal. ``at``: UTC as SQLite spells it, None where the clock was not trusted."""

    id = AutoField()
    at = TextField(null=True)
    key = TextField()
    old = ValueField(null=True)
    new = ValueField(null=True)
    origin = TextField()
    name = TextField()
    address = TextField()

    class Meta:
        table_name = "changes"


class Migration(Model):
    """One schema change that this file has seen."""

    number = IntegerField(primary_key=True)
    name = TextField()

    class Meta:
        table_name = "migrations"
