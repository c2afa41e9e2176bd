"""A plan from click to charging: set on the page, and the car of a small house does as it says."""

import json
import re
from datetime import UTC, datetime, timedelta

from playwright.sync_api import expect

HOUSE = """
interval: 1s
site: {title: Testhaus, meters: {grid: grid}}
javascript:
- {vm: box, script: "var on = false; var amps = 6; var soc = 46"}
meters:
- {name: grid, type: custom, power: {source: js, vm: box, script: "300 + (on ? amps * 690 : 0)"}}
chargers:
- name: box
  type: custom
  status: {source: js, vm: box, script: "on ? 'C' : 'B'"}
  enabled: {source: js, vm: box, script: on}
  enable: {source: js, vm: box, script: "on = enable"}
  maxcurrent: {source: js, vm: box, script: "amps = maxcurrent"}
  power: {source: js, vm: box, script: "on ? amps * 690 : 0"}
vehicles:
- {name: ioniq, type: custom, title: Ioniq, capacity: 72, soc: {source: js, vm: box, script: soc}}
loadpoints:
- {title: Carport, charger: box, vehicle: ioniq, mode: pv}
tariffs:
  currency: EUR
  grid: {type: custom, forecast: {source: const, value: 'RATES'}}
"""
CHEAP = timedelta(hours=2)
"""Less than the car needs, so that all of it is used, and the plan begins at once."""


def rates():
    """A tariff that is cheap from now on for two hours, and dear for the two days after them."""
    start = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    slots = [(start, start + CHEAP, 0.12), (start + CHEAP, start + timedelta(days=2), 0.40)]
    return json.dumps([{"start": a.isoformat(), "end": b.isoformat(), "value": value} for a, b, value in slots])


def test_a_plan_goes_from_a_click_to_a_car_that_charges_and_says_why(page, started):
    served = started(HOUSE.replace("RATES", rates()))
    served.until(lambda state: state["loadpoints"][0]["vehicleSoc"] == 46)
    page.goto(served.url)
    card = page.get_by_role("article", name="Carport")
    expect(card.get_by_label("Car at Carport")).to_have_value("ioniq")
    assert not served.loadpoint(1)["charging"]

    card.get_by_role("button", name="Plan", exact=True).click()
    dialog = page.get_by_role("dialog")
    target = datetime.now().astimezone() + timedelta(hours=20)
    dialog.get_by_label("Ready by").first.fill(target.strftime("%Y-%m-%dT%H:%M"))
    dialog.get_by_label("Charged to").first.select_option("90 %")
    expect(dialog).to_contain_text(re.compile(r"Charges between \d\d:\d\d and .* with 11\.0.kW, for €\d+\.\d\d"))
    assert not served.loadpoint(1)["planActive"]
    dialog.get_by_role("button", name="Set plan").click()
    expect(dialog).to_contain_text("This plan counts.")
    page.keyboard.press("Escape")

    served.until(lambda state: state["loadpoints"][0]["planActive"] and state["loadpoints"][0]["charging"], 40.0)
    expect(card).to_contain_text("Charges by the plan")
    expect(card).to_contain_text(re.compile(r"Power ?11\.0.kW"))
    expect(card).to_contain_text("Plan for")

    card.get_by_role("button", name=re.compile("^Plan for")).click()
    dialog.get_by_role("button", name="Remove plan").click()
    page.keyboard.press("Escape")
    served.until(lambda state: not state["loadpoints"][0]["planActive"])
    expect(card.get_by_role("button", name="Plan", exact=True)).to_be_visible()
