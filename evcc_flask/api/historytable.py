"""The energy of the house as a table for a spreadsheet, in the language of whoever opens it."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from .csvtable import line, number

ENGLISH = {
    "start": "Start",
    "end": "End",
    "gridImport": "Grid import (kWh)",
    "gridExport": "Grid export (kWh)",
    "pv": "Solar (kWh)",
    "batteryCharge": "Battery charge (kWh)",
    "batteryDischarge": "Battery discharge (kWh)",
    "home": "Home (kWh)",
    "homeSolar": "Home from sun (kWh)",
    "gridPrice": "Grid price/kWh",
    "feedInPrice": "Feed-in price/kWh",
    "co2": "CO₂ (g/kWh)",
    "importCost": "Import cost",
    "exportRevenue": "Export revenue",
    "homeCost": "Home cost",
}
GERMAN = {
    "start": "Beginn",
    "end": "Ende",
    "gridImport": "Netzbezug (kWh)",
    "gridExport": "Einspeisung (kWh)",
    "pv": "Sonne (kWh)",
    "batteryCharge": "Batterie geladen (kWh)",
    "batteryDischarge": "Batterie entladen (kWh)",
    "home": "Haus (kWh)",
    "homeSolar": "Haus aus Sonne (kWh)",
    "gridPrice": "Netzpreis/kWh",
    "feedInPrice": "Einspeisepreis/kWh",
    "co2": "CO₂ (g/kWh)",
    "importCost": "Bezugskosten",
    "exportRevenue": "Einspeiseerlös",
    "homeCost": "Hauskosten",
}
OF_CHARGE = {"energy": ("kWh", "kWh"), "solar": ("sun, kWh", "Sonne, kWh"), "cost": ("cost", "Kosten")}
DECIMALS = 5


def table(spans: Iterable[Mapping[str, Any]], titles: Sequence[str], lang: str) -> Iterator[bytes]:
    """The file line by line: three columns for each loadpoint of ``titles`` behind those of the house."""
    heads, word, separator, point = (GERMAN, 1, ";", ",") if lang == "de" else (ENGLISH, 0, ",", ".")
    columns = [f"{title} ({words[word]})" for title in titles for words in OF_CHARGE.values()]
    yield "\ufeff".encode() + line((*heads.values(), *columns), separator)
    for span in spans:
        charges = {charge["title"]: charge for charge in span["loadpoints"]}
        cells = [_cell(span[name], point) for name in heads]
        cells += [_cell(charges.get(title, {}).get(name), point) for title in titles for name in OF_CHARGE]
        yield line(cells, separator)


def _cell(value: Any, point: str) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return f"{datetime.fromisoformat(value):%Y-%m-%d %H:%M:%S}"
    return number(value, DECIMALS).replace(".", point)
