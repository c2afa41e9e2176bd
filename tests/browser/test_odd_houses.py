"""Houses that are unlike the one of the screenshots: long names, meters that never answer, a file with mistakes."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import constants
from tests.browser.served import Served
from tests.browser.test_manners import fitting, settled

CAR = "Volkswagen-ID.Buzz-Lang-Allrad-Elektro-Familienbus"
POINT = "Carport-Hofeinfahrt-links-neben-der-Garage1"
DIALOGS = ("Settings of", "Plan", "Fast once", "Last decisions of")
OUTSIDE = """() => [...document.querySelectorAll('dialog[open] *, main *')]
  .filter((each) => each.checkVisibility() && !each.closest('.unseen, .wide, svg') && !each.matches('.unseen'))
  .filter((each) => ['BUTTON', 'SELECT', 'INPUT', 'H1', 'H2', 'ARTICLE', 'SECTION'].includes(each.tagName))
  .filter((each) => each.getBoundingClientRect().right > document.documentElement.clientWidth + 1)
  .map((each) => each.outerHTML.slice(0, 120))"""


@pytest.fixture(scope="module")
def long_names(tmp_path_factory):
    folder = tmp_path_factory.mktemp("long")
    text = constants().replace("title: Ioniq", f"title: {CAR}").replace("title: Carport", f"title: {POINT}")
    (folder / "evcc.yaml").write_text(text)
    served = Served(folder, "run", "-c", str(folder / "evcc.yaml"), "--database", str(folder / "house.db"))
    yield served.start()
    served.stop()


@pytest.mark.parametrize("width", [360, 768, 1280])
def test_long_names_widen_nothing_and_hide_no_button(page, long_names, width):
    assert (len(CAR), len(POINT)) == (50, 43)
    page.set_viewport_size({"width": width, "height": 800})
    for path in ("#/devices", "?loadpoint=1&view=simple", ""):
        page.goto(long_names.url + path)
        settled(page)
        assert fitting(page) <= 0, path
        assert page.evaluate(OUTSIDE) == [], path
    card = page.get_by_role("article", name=POINT)
    for name in DIALOGS:
        card.get_by_role("button", name=re.compile(f"^{name}|{name} {POINT}")).first.click()
        dialog = page.get_by_role("dialog")
        dialog.get_by_role("button", name="Close").wait_for()
        assert fitting(page) <= 0, name
        assert page.evaluate(
            "document.querySelector('dialog').scrollWidth <= document.querySelector('dialog').clientWidth"
        )
        assert page.evaluate(OUTSIDE) == [], name
        dialog.get_by_role("button", name="Close").click()
        expect(dialog).to_have_count(0)


def never_answering():
    text = constants()
    for said in ("-1500", "6200"):
        text = text.replace(
            f"power: {{source: const, value: {said}}}", "power: {source: http, uri: 'http://127.0.0.1:9/'}"
        )
    return text


def test_what_was_never_told_is_a_dash_and_no_figure(page, started):
    served = started(never_answering())
    page.goto(f"{served.url}#/devices")
    devices = page.get_by_role("region", name="Devices")
    for kind in ("Grid meter", "Sun"):
        row = devices.get_by_role("listitem").filter(has_text=kind)
        expect(row.get_by_role("strong")).to_have_text("–")
        expect(row).to_contain_text("never answered")
    expect(devices.get_by_role("listitem").filter(has_text="Home battery")).to_contain_text(re.compile(r"\d+\ss ago"))
    page.goto(served.url)
    flow = page.get_by_role("region", name="Where the power flows")
    for name in ("Sun", "Grid", "Home"):
        expect(flow.get_by_role("listitem").filter(has_text=re.compile(f"^{name}")).first).to_contain_text("–")
    expect(page.get_by_role("region", name="Today").get_by_text("Sun today").locator("..")).to_contain_text("–")


@pytest.mark.parametrize(
    ("locale", "unknown", "missing"),
    [
        ("en-GB", "plantx: failed parsing config file: unknown key", "vehicles[0].soc: is missing"),
        ("de-DE", "plantx: die Datei ist nicht zu lesen: unbekanntes Wort", "vehicles[0].soc: fehlt"),
    ],
)
def test_a_mistake_in_the_file_is_told_with_its_key(browser, started, locale, unknown, missing):
    text = constants().replace("capacity: 72, soc: {source: const, value: 46},", "capacity: 72,")
    served = started(text.replace("interval: 1s", "interval: 1s\nplantx: 3"))
    with browser.new_context(locale=locale) as context:
        page = context.new_page()
        page.goto(served.url)
        notes = page.locator(".notes")
        expect(notes).to_contain_text(unknown)
        expect(notes).to_contain_text(missing)
