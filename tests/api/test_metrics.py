"""Numbers for Prometheus, read by its own parser."""

import json
import re
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from evcc_flask.api.metrics import exposition


@pytest.fixture
def samples(client):
    answer = client.get("/api/metrics")
    assert answer.status_code == 200
    assert answer.content_type == "text/plain; version=0.0.4; charset=utf-8"
    return {
        (sample.name, *sorted(sample.labels.values())): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }


def test_numbers_have_names_and_labels(samples):
    assert samples["evcc_grid_power",] == -1500
    assert samples["evcc_battery_soc", "1"] == 50
    assert samples["evcc_loadpoint_min_current", "1", "Carport"] == 6
    assert samples["evcc_loadpoint_connected", "2", "Garage"] == 0
    assert samples["evcc_vehicle_capacity", "golf"] == 36
    assert samples["evcc_info", "1.2.3", "Home"] == 1
    assert samples["evcc_issues",] == 0


def test_titles_cannot_break_out_of_their_quotes():
    text = exposition({"siteTitle": 'a"b\\c\nd', "loadpoints": []})
    (sample,) = (s for family in text_string_to_metric_families(text) for s in family.samples if s.name == "evcc_info")
    assert sample.labels["site"] == 'a"b\\c\nd'


def test_phases_and_links_are_labels():
    text = exposition(
        {
            "siteTitle": "",
            "loadpoints": [{"title": "A", "chargeCurrents": [6.0, 6.5, 0]}],
            "links": [{"name": "rs485", "transactions": 12, "state": "ok"}],
        }
    )
    assert 'evcc_loadpoint_charge_currents{loadpoint="1",title="A",phase="l2"} 6.5' in text
    assert 'evcc_link_transactions{link="rs485"} 12.0' in text


def test_the_dashboard_for_grafana_shows_what_there_is(client):
    dashboard = json.loads((Path(__file__).parents[2] / "deploy" / "grafana.json").read_text())
    asked = {
        name
        for panel in dashboard["panels"]
        for target in panel["targets"]
        for name in re.findall(r"evcc_\w+", target["expr"])
        if not name.startswith("evcc_link")
    }
    text = client.get("/api/metrics").text
    priced = {"evcc_tariff_grid", "evcc_tariff_feed_in", "evcc_tariff_price_loadpoints"}
    decided = {"evcc_pv_power", "evcc_home_power", "evcc_battery_power"}
    assert {name for name in asked if f"# TYPE {name} gauge" not in text} <= priced | decided
