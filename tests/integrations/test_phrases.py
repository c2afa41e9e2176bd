"""Texts with values in them, as they stand in people's files."""

import pytest

from evcc_flask.domain.issues import Misconfigured
from evcc_flask.integrations.phrases import phrase, values

SITE = {"pvPower": 5230.4, "siteTitle": "Home", "interval": 10}
LOADPOINT = {
    "title": "Carport",
    "mode": "pv",
    "chargedEnergy": 12345.6,
    "chargeDuration": 3723,
    "vehicleSoc": 79.6,
    "connected": True,
    "vehicleTitle": "Zoe",
    "planProjectedEnd": "2026-05-05T06:30:00+02:00",
    "planTime": None,
    "connectedDuration": 65,
}


@pytest.mark.parametrize(
    ("text", "filled"),
    [
        ('Started charging in "${mode}" mode', 'Started charging in "pv" mode'),
        ("${chargedEnergy:%.1fk}kWh in ${chargeDuration}", "12.3kWh in 1h2m3s"),
        ("${connectedDuration}", "1m5s"),
        ("${pvPower:%.1fk}kW, ${PVPOWER:%.0f} W", "5.2kW, 5230 W"),
        ("${vehicleSoc:%.0f}%", "80%"),
        ("${vehicleSoc:%d}", "79"),
        ("${connected} ${connected:%d} ${nothing}.", "true 1 ."),
        ("${planProjectedEnd}|${planTime}", "2026-05-05 06:30|"),
        ("{{ .vehicleTitle }} at {{.title}}", "Zoe at Carport"),
        ('{{ if eq .mode "pv" }}sun{{ else }}grid{{ end }}', "sun"),
        ('{{ printf "%.2f" (divf .chargedEnergy 1000.0) }} kWh', "12.35 kWh"),
        ('{{ timeRound .connectedDuration "s" }}', "1m5s"),
        ("${mode:%d}", "pv"),
        ("{{ divf .mode 2.0 }}", "{{ divf .mode 2.0 }}"),
    ],
)
def test_values_are_filled_in(text, filled):
    assert phrase(text).filled(values(SITE, LOADPOINT)) == filled


@pytest.mark.parametrize("text", ["${mode:nonsense}", "{{ .mode", "{{ frobnicate .mode }}", "{{ if .mode }}"])
def test_what_means_nothing_is_refused_when_it_is_read(text):
    with pytest.raises(Misconfigured):
        phrase(text)
