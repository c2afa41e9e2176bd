"""The pages beside the first one: what was, what the house is made of, and who changed it."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.test_manners import fitting, settled, violations


@pytest.fixture(scope="session")
def lived(demo):
    """The demo house after some minutes of charging, with a session of the past."""
    demo.ask("POST", "loadpoints/1/mode/now")
    demo.until(lambda state: state["loadpoints"][0]["sessionEnergy"] > 100, 60.0)
    return demo


def test_energy_tells_the_day_and_a_table_has_the_same_figures(page, lived):
    page.goto(f"{lived.url}#/energy")
    expect(page.get_by_role("img", name="Energy used from sun")).to_be_visible()
    page.locator("canvas").wait_for()
    expect(page.locator(".sums")).to_contain_text(re.compile(r"Cars ?\d+\.\d\skWh"))
    page.get_by_text("As a table").first.click()
    expect(page.get_by_role("row").nth(1)).to_be_visible()
    assert violations(page) == []


def test_the_span_that_is_looked_at_survives_a_reload(page, lived):
    page.goto(f"{lived.url}#/energy")
    page.get_by_role("link", name="Year").click()
    expect(page.get_by_role("heading", name="2026")).to_be_visible()
    page.get_by_role("link", name="Earlier").click()
    page.reload()
    expect(page.get_by_role("heading", name="2025")).to_be_visible()
    expect(page.get_by_text("Nothing is known of this span.")).to_be_visible()


def test_what_is_to_come_is_shown(page, lived):
    page.goto(f"{lived.url}#/energy")
    expect(page.get_by_role("img", name="Price and expected sun")).to_be_visible()
    expect(page.get_by_text("Sun, rest of today")).to_be_visible()


def test_a_session_is_put_right_and_deleted_after_a_question(page, lived):
    page.goto(f"{lived.url}#/sessions")
    page.locator("canvas").wait_for()
    assert violations(page) == []
    page.get_by_role("button", name="Charging point", exact=True).click()
    page.get_by_role("button", name=re.compile("Edit the session")).first.click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Charging point").wait_for()
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        assert violations(page) == []
    dialog.get_by_label("Charging point").select_option("Garage")
    dialog.get_by_role("button", name="Save").click()
    expect(dialog).to_have_count(0)
    expect(page.get_by_role("cell", name="Garage").first).to_be_visible()
    page.get_by_role("button", name=re.compile("Edit the session")).first.click()
    dialog.get_by_role("button", name="Delete", exact=True).click()
    expect(dialog).to_contain_text("It is gone for good.")
    before = len(lived.ask("GET", "sessions"))
    dialog.get_by_role("button", name="Delete it").click()
    expect(dialog).to_have_count(0)
    assert len(lived.ask("GET", "sessions")) == before - 1


def test_a_month_without_a_session_says_so(page, house):
    page.goto(f"{house.url}#/sessions/month/2020-01-01")
    expect(page.get_by_text("Nothing was charged in this span.")).to_be_visible()


def test_each_link_tells_its_state_and_each_device_its_value(page, lived):
    page.goto(f"{lived.url}#/devices")
    expect(page.get_by_role("row", name=re.compile("rs485.* up"))).to_be_visible()
    expect(
        page.get_by_role("region", name="Devices").get_by_role("listitem").filter(has_text="Grid meter")
    ).to_be_visible()
    expect(page.get_by_text("House connection")).to_be_visible()
    settled(page)
    assert violations(page) == []
    page.set_viewport_size({"width": 360, "height": 740})
    assert fitting(page) <= 0


def test_a_dead_device_is_named_with_what_it_said(page, lived):
    state = lived.state()
    state["pv"][0]["error"] = "no answer for 12 s. Is the line connected?"
    page.route_web_socket(re.compile("/ws$"), lambda socket: socket.close())
    page.route(re.compile("/api/state"), lambda route: route.fulfill(json={"result": state}))
    page.goto(f"{lived.url}#/devices")
    expect(page.get_by_role("listitem").filter(has_text="no answer for 12 s")).to_be_visible()


def test_the_journal_tells_who_changed_what(page, house):
    house.ask("POST", "loadpoints/2/mode/pv")
    house.ask("POST", "loadpoints/2/mode/off")
    page.goto(f"{house.url}#/devices")
    expect(page.get_by_role("listitem").filter(has_text="Garage · mode").first).to_contain_text("Solar → Off")


def test_the_log_is_the_owners(page, house):
    page.goto(f"{house.url}#/devices")
    expect(page.get_by_text("The log is the owner’s: choose a password first.")).to_be_visible()
