"""evcc's own database as users bring it: written by its file, or configured in its web page."""

import json
import sqlite3
from contextlib import closing

TABLES = """
CREATE TABLE `settings` (`key` text,`value` text,PRIMARY KEY (`key`));
CREATE TABLE `sessions` (`id` integer PRIMARY KEY AUTOINCREMENT,`created` datetime,`finished` datetime,
  `loadpoint` text,`identifier` text,`vehicle` text,`odometer` real,`meter_start_kwh` real,`meter_end_kwh` real,
  `charged_kwh` real,`solar_percentage` real,`price` real,`price_per_kwh` real,`co2_per_kwh` real,
  `charge_duration` integer);
CREATE TABLE `configs` (`id` integer PRIMARY KEY AUTOINCREMENT,`class` integer,`type` text,`title` text,`icon` text,
  `product` text,`value` text);
"""
PASSWORD = "$2a$10$abcdefghijklmnopqrstuuJ8kJ1hPqXrYl0bqk1oGQ9rS5uVwXyZa"
SETTINGS = {
    "adminPassword": PASSWORD,
    "jwtSecret": "00ff",
    "prioritySoc": "50",
    "residualPower": "100",
    "batteryDischargeControl": "true",
    "batteryGridChargeLimit": "0.12",
    "lp1.mode": "minpv",
    "lp1.minCurrent": "8",
    "lp1.smartCostLimit": "0.2",
    "lp1.phasesConfigured": "1",
    "lp1.thresholds": json.dumps(
        {
            "enable": {"delay": 90_000_000_000, "threshold": -1400},
            "disable": {"delay": 300_000_000_000, "threshold": 200},
        }
    ),
    "lp1.planTime": "2031-05-04T06:00:00+02:00",
    "lp1.planEnergy": "12.5",
    "vehicle.golf.minSoc": "20",
    "vehicle.golf.limitSoc": "80",
    "vehicle.golf.planSoc": "90",
    "vehicle.golf.planTime": "2031-05-04T06:00:00Z",
    "vehicle.golf.repeatingPlans": json.dumps(
        [{"weekdays": [1, 2], "time": "07:00", "tz": "Europe/Berlin", "soc": 70, "active": True}]
    ),
}
SESSIONS = [
    ("2023-05-04 22:00:00.0+02:00", "2023-05-05 02:00:00.123456789+02:00", "Garage", "blauer e-Golf", 11.5, 7.2e12),
    ("2023-05-06 10:00:00", None, "Garage", None, 5.0, None),
    (None, None, None, None, None, None),
]
PAGE = [
    (1, 2, "template", "", "", "Shelly Pro 3EM", {"template": "shelly-pro-3em", "usage": "grid", "host": "192.0.2.10"}),
    (2, 2, "template", "Dach Süd", "", "", {"template": "demo-meter", "usage": "pv", "power": "3000"}),
    (3, 2, "template", "Dach Süd", "", "", {"template": "nobody-knows-this", "usage": "pv", "timeout": 15_000_000_000}),
    (4, 1, "template", "", "", "Demo charger", {"template": "demo-charger", "status": "C", "power": "0"}),
    (
        5,
        1,
        "custom",
        "Selbstbau",
        "",
        "",
        {"yaml": "status:\n  source: const\n  value: B\nenabled:\n  source: const\n  value: true\n"},
    ),
    (6, 3, "template", "Grauer Wagen", "car", "", {"template": "offline", "capacity": 50}),
    (7, 6, "custom", "Haus", "", "", {"maxCurrent": 35, "maxPower": 0}),
    (8, 6, "custom", "Garage", "", "", {"maxCurrent": 20, "parent": "db:7"}),
    (
        9,
        5,
        "",
        "",
        "",
        "",
        {
            "charger": "db:4",
            "title": "Carport",
            "circuit": "db:8",
            "vehicle": "db:6",
            "defaultMode": "pv",
            "mode": "now",
            "minCurrent": 6,
            "maxCurrent": 20,
            "priority": 2,
            "thresholds": {"enable": {"delay": 120_000_000_000, "threshold": 0}},
            "soc": {"poll": {"mode": "charging", "interval": 3_600_000_000_000}, "estimate": True},
        },
    ),
    (10, 4, "template", "", "", "", {"template": "tibber", "token": "secret-of-tibber"}),
]
OF_PAGE = {
    "title": "Zuhause",
    "gridMeter": "db:1",
    "pvMeters": "db:2,db:3",
    "interval": "15000000000",
    "network": json.dumps({"schema": "http", "host": "house.local", "port": 7171}),
    "tariffRefs": json.dumps({"currency": "EUR", "grid": "db:10"}),
    "mqtt": json.dumps({"broker": "192.0.2.20:1883", "topic": "evcc"}),
    "vehicle.db:6.limitSoc": "80",
    "sponsorToken": "abc",
}


def written(path, settings=SETTINGS, sessions=SESSIONS, page=(), mode="delete"):
    """A database at ``path``, closed as evcc leaves it."""
    with closing(sqlite3.connect(path)) as database, database:
        database.execute(f"PRAGMA journal_mode = {mode}")
        database.executescript(TABLES)
        database.executemany("INSERT INTO settings VALUES (?, ?)", settings.items())
        columns = "created, finished, loadpoint, vehicle, charged_kwh, charge_duration"
        database.executemany(f"INSERT INTO sessions ({columns}) VALUES (?, ?, ?, ?, ?, ?)", sessions)
        rows = [(*row[:-1], json.dumps(row[-1])) for row in page]
        database.executemany("INSERT INTO configs VALUES (?, ?, ?, ?, ?, ?, ?)", rows)
    return path
