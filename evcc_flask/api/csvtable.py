"""The sessions as a table for a spreadsheet, in the language of whoever opens it."""

import csv
import io
import os
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

ENGLISH = {
    "created": "Created",
    "finished": "Finished",
    "loadpoint": "Charging point",
    "identifier": "Identifier",
    "vehicle": "Vehicle",
    "odometer": "Mileage (km)",
    "meterStart": "Meter start (kWh)",
    "meterStop": "Meter stop (kWh)",
    "chargedEnergy": "Energy (kWh)",
    "chargeDuration": "Duration",
    "solarPercentage": "Solar (%)",
    "price": "Price",
    "pricePerKWh": "Price/kWh",
    "co2PerKWh": "CO₂/kWh",
}
GERMAN = {
    "created": "Startzeit",
    "finished": "Endzeit",
    "loadpoint": "Ladepunkt",
    "identifier": "Kennung",
    "vehicle": "Fahrzeug",
    "odometer": "Kilometerstand (km)",
    "meterStart": "Anfangszählerstand (kWh)",
    "meterStop": "Endzählerstand (kWh)",
    "chargedEnergy": "Energie (kWh)",
    "chargeDuration": "Ladedauer",
    "solarPercentage": "Sonne (%)",
    "price": "Preis",
    "pricePerKWh": "Preis/kWh",
    "co2PerKWh": "CO₂/kWh",
}
DECIMALS = 3


def language(asked: str | None, accepted: str | None, environ: Mapping[str, str] = os.environ) -> str:
    """``de`` or ``en``: what was asked for, else the browser's first choice, else the system's, else German."""
    system = next((environ[name] for name in ("LC_ALL", "LC_MESSAGES", "LANG") if environ.get(name)), "")
    for wish in (asked, (accepted or "").split(",")[0], "" if system.startswith(("C", "POSIX")) else system):
        if wish and wish.strip():
            return "de" if wish.strip().lower().startswith("de") else "en"
    return "de"


def table(rows: Iterable[Mapping[str, Any]], lang: str) -> Iterator[bytes]:
    """The file line by line, with the byte order mark that spreadsheets want."""
    heads, separator, point = (GERMAN, ";", ",") if lang == "de" else (ENGLISH, ",", ".")
    yield "\ufeff".encode() + line(heads.values(), separator)
    for row in rows:
        yield line((_cell(name, row[name], point) for name in heads), separator)


def line(cells: Iterable[str], separator: str) -> bytes:
    """One line of the file."""
    text = io.StringIO()
    csv.writer(text, delimiter=separator, lineterminator="\n").writerow(cells)
    return text.getvalue().encode()


def _cell(name: str, value: Any, point: str) -> str:
    match value:
        case None:
            return ""
        case datetime():
            return f"{value:%Y-%m-%d %H:%M:%S}"
        case int() | float() if name == "chargeDuration":
            return _duration(round(value / 1e9))
        case int() | float():
            return number(value, 0 if name == "odometer" else DECIMALS).replace(".", point)
        case _:
            return str(value)


def number(value: float, decimals: int) -> str:
    """With a point, without zeros at its end."""
    text = f"{value:.{decimals}f}"
    return text.rstrip("0").rstrip(".") if decimals else text


def _duration(seconds: int) -> str:
    """``1h2m3s``, without leading units that are 0."""
    hours, minutes, rest = seconds // 3600, seconds // 60 % 60, seconds % 60
    if hours:
        return f"{hours}h{minutes}m{rest}s"
    return f"{minutes}m{rest}s" if minutes else f"{rest}s"
