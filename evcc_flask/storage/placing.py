"""Whose energy stands in the history under which title: a loadpoint that is named anew keeps what it has charged.

A loadpoint is known again by its wallbox, and until that was seen once by its title.
"""

from collections.abc import Sequence

from peewee import SqliteDatabase

from evcc_flask.domain.quarters import unlike

from .models import Setting

PLACES = "historyPlaces"
"""Setting: the number of a place in the history, by the name of the wallbox."""


def name(database: SqliteDatabase, wanted: Sequence[tuple[str, str]]) -> None:
    """``wanted``: wallbox and title of each loadpoint. All or nothing; titles must differ. Raises DatabaseError."""
    with database.atomic("IMMEDIATE"):
        known = _known(database)
        titles = dict(database.execute_sql("SELECT id, title FROM history_places").fetchall())
        # What a box that is gone had goes on under the next one, where that has the title.
        owned = {box: known[box] for box, _ in wanted if known.get(box) in titles}
        numbers = {title: place for place, title in titles.items()}
        after: dict[int, str] = {}
        for box, title in wanted:
            place = owned.get(box)
            if place is None and numbers.get(title) not in owned.values():
                place = numbers.get(title)
            if place is None or place in after:
                place = max((*titles, *after, 0)) + 1
            owned[box], after[place] = place, title
        if after.items() <= titles.items() and owned == known:
            return
        others = [place for place in titles if place not in after]
        unique = unlike([*after.values(), *(titles[place] for place in others)])
        _write(database, dict(zip([*after, *others], unique, strict=True)))
        row = {"key": PLACES, "value": owned}
        Setting.insert_many([row]).on_conflict_replace().execute(database)


def _known(database: SqliteDatabase) -> dict[str, int]:
    rows = list(Setting.select().where(Setting.key == PLACES).execute(database))
    value = rows[0].value if rows else None
    return {box: place for box, place in value.items() if isinstance(place, int)} if isinstance(value, dict) else {}


def _write(database: SqliteDatabase, titles: dict[int, str]) -> None:
    """By way of names that nobody has, as two may have changed theirs with each other."""
    for place in titles:
        database.execute_sql("UPDATE history_places SET title = char(0) || id WHERE id = ?", (place,))
    for place, title in titles.items():
        statement = "INSERT INTO history_places (id, title) VALUES (?, ?) ON CONFLICT (id) DO UPDATE SET title = ?"
        database.execute_sql(statement, (place, title, title))
