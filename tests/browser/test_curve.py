"""The last day of a charging point: a cursor over its power tells the decision of that time."""

import re

import pytest
from playwright.sync_api import expect


@pytest.fixture
def slider(page, demo):
    """Of the demo house, after some decisions."""
    demo.until(lambda _: len(demo.ask("GET", "explain")[0]["decisions"]) > 1, 60.0)
    page.goto(demo.url)
    page.get_by_role("button", name="Last decisions of Carport").click()
    return page.get_by_role("slider", name="Power and decisions of Carport over time")


def test_the_arrow_keys_tell_the_decision_of_another_time(slider):
    slider.focus()
    now = slider.get_attribute("aria-valuetext")
    assert re.match(r"\d\d:\d\d · .*sun on the roof.*\.$", now)
    slider.press("Home")
    expect(slider).to_have_attribute("aria-valuetext", re.compile("No decision is known from then"))
    slider.press("End")
    expect(slider).not_to_have_attribute("aria-valuetext", re.compile("No decision is known from then"))


def test_a_pointer_tells_it_too_without_a_press(slider, page):
    read = page.get_by_role("dialog")
    expect(read).to_contain_text("what was decided when")
    slider.hover(position={"x": 3, "y": 40})
    expect(read).to_contain_text("No decision is known from then.")


def test_a_finger_tells_it_too(browser, demo):
    with browser.new_context(has_touch=True, viewport={"width": 390, "height": 844}, locale="en-GB") as context:
        page = context.new_page()
        page.goto(demo.url)
        page.get_by_role("button", name="Last decisions of Carport").tap()
        page.get_by_role("slider", name="Power and decisions of Carport").tap(position={"x": 20, "y": 40})
        expect(page.get_by_role("dialog")).to_contain_text("No decision is known from then.")
