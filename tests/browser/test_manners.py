"""What holds on every page and in every dialog: nobody is shut out, nothing is heavy, nothing jumps."""

import gzip
import re
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import PHONE, constants

TOP = Path(__file__).parents[2]
AXE = TOP / "dashboard" / "node_modules" / "axe-core" / "axe.min.js"
PAGES = ("", "#/energy", "#/sessions", "#/devices", "#/settings", "?loadpoint=1&view=simple")
DIALOGS = {
    "reasons": ("Last decisions of Carport", None),
    "once": ("Fast once", "Carport"),
    "plan": ("Plan", "Carport"),
    "settings": ("Settings of Carport", None),
    "battery": ("Battery", None),
}
KILOBYTES = 90_000
SMALL = """() => [...document.querySelectorAll('button, a[href], input, select, summary')]
  .filter((each) => each.checkVisibility() && !each.closest('.skip'))
  .map((each) => ({ box: (each.closest('label') && each.type === 'checkbox' ? each.closest('label') : each)
    .getBoundingClientRect(), name: each.outerHTML.slice(0, 120) }))
  .filter(({ box }) => box.width < 43.9 || box.height < 43.9)
  .map(({ box, name }) => `${box.width}x${box.height} ${name}`)"""


def violations(page):
    """What axe-core finds, as one line each."""
    page.evaluate(AXE.read_text())
    found = page.evaluate("async () => (await axe.run()).violations")
    return [f"{each['id']}: {node['html'][:160]}" for each in found for node in each["nodes"]]


def fitting(page):
    """How far the page is wider than the window, in pixels."""
    return page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")


def settled(page):
    """Everything of the page is there."""
    page.wait_for_load_state("networkidle") if "view=simple" not in page.url else None
    expect(page.locator("main")).not_to_contain_text(re.compile("Connecting|Verbinde mit"))
    page.locator("main > :not(.notes)").first.wait_for()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("path", PAGES)
def test_no_page_shuts_anybody_out(page, house, path, scheme):
    page.emulate_media(color_scheme=scheme)
    page.goto(house.url + path)
    settled(page)
    assert violations(page) == []


@pytest.mark.parametrize("path", PAGES)
def test_every_page_fits_a_small_phone_and_its_controls_a_thumb(page, house, path):
    page.set_viewport_size(PHONE)
    page.goto(house.url + path)
    settled(page)
    assert fitting(page) <= 0
    assert page.evaluate(SMALL) == []


@pytest.mark.parametrize("name", DIALOGS)
def test_no_dialog_shuts_anybody_out_and_it_fits_a_small_phone(page, house, name):
    button, within = DIALOGS[name]
    house.ask("POST", "loadpoints/1/vehicle/ioniq")
    house.ask("POST", "vehicles/ioniq/soc/46")
    page.set_viewport_size(PHONE)
    page.goto(house.url)
    place = page.get_by_role("article", name=within) if within else page
    place.get_by_role("button", name=button, exact=within is not None).click()
    page.get_by_role("dialog").wait_for()
    page.wait_for_load_state("networkidle")
    assert violations(page) == []
    assert fitting(page) <= 0
    assert (
        page.evaluate(SMALL.replace("document.querySelectorAll", "document.querySelector('dialog').querySelectorAll"))
        == []
    )


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_dialog_of_the_owner_shuts_anybody_out(page, started, scheme):
    """Choosing the first password, changing it, and logging in."""
    page.emulate_media(color_scheme=scheme)
    page.set_viewport_size(PHONE)
    served = started(constants())
    page.goto(f"{served.url}#/settings")
    page.get_by_role("button", name="Set password").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("New password").wait_for()
    assert violations(page) == []
    dialog.get_by_label("New password").fill("sun and wind")
    dialog.get_by_role("button", name="Set password").click()
    page.get_by_role("button", name="Change password").click()
    dialog.get_by_label("Current password").wait_for()
    assert violations(page) == []
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Log out").click()
    page.get_by_role("button", name="Log in").click()
    dialog.get_by_label("Password").fill("moon")
    dialog.get_by_role("button", name="Log in").click()
    dialog.get_by_role("alert").wait_for()
    assert violations(page) == []
    assert fitting(page) <= 0


def test_the_keyboard_opens_and_closes_a_dialog_and_comes_back(opened):
    button = opened.get_by_role("button", name="Settings of Carport")
    button.focus()
    opened.keyboard.press("Enter")
    expect(opened.get_by_role("dialog")).to_be_visible()
    opened.keyboard.press("Escape")
    expect(opened.get_by_role("dialog")).to_have_count(0)
    expect(button).to_be_focused()


def test_the_first_screen_is_light_and_asks_nobody_else(page, house):
    answers, sockets = [], []
    page.on("response", lambda answer: answers.append(answer))
    page.on("websocket", lambda socket: sockets.append(socket))
    page.goto(house.url)
    page.get_by_role("heading", name="Carport").wait_for()
    before = list(answers)
    assert all(each.url.startswith(house.url) for each in answers)
    assert len(before) <= 6, [each.url for each in before]
    assert len(sockets) == 1
    code = [each.body() for each in before if each.url.endswith((".js", ".css"))]
    assert 0 < sum(len(gzip.compress(each, 9)) for each in code) < KILOBYTES


def test_nothing_jumps_while_the_page_fills(page, house):
    page.add_init_script(
        "window.shifted = 0; const add = (list) => list.getEntries().forEach((each) => (window.shifted += each.value));"
        "new PerformanceObserver(add).observe({ type: 'layout-shift', buffered: true })"
    )
    page.goto(house.url)
    page.get_by_role("heading", name="Garage").wait_for()
    page.wait_for_load_state("networkidle")
    first = house.state()["cycle"]
    house.until(lambda state: state["cycle"] > first + 2)
    assert page.evaluate("window.shifted") < 0.01


@pytest.mark.parametrize(
    ("locale", "sentence"), [("de-DE", "Wohin der Strom fließt"), ("en-GB", "Where the power flows")]
)
def test_the_page_speaks_the_browsers_language(browser, house, locale, sentence):
    context = browser.new_context(locale=locale)
    page = context.new_page()
    page.goto(house.url)
    expect(page.get_by_role("heading", name=sentence)).to_be_attached()
    assert page.locator("html").get_attribute("lang") == locale[:2]
    context.close()


@pytest.mark.parametrize("path", PAGES)
def test_no_german_page_speaks_english(browser, house, path):
    """By the small words that only English has; names of the server, and paths, are what they are."""
    with browser.new_context(locale="de-DE") as context:
        page = context.new_page()
        page.goto(house.url + path)
        settled(page)
        said = page.locator("body").inner_text() + " ".join(
            page.evaluate("[...document.querySelectorAll('[aria-label]')].map((each) => each.ariaLabel)")
        )
        assert len(said) > 60
        assert re.findall(r"(?im)^(?!/)[^\n]*\b(?:the|and|of|is|are|with|from|until|for|your)\b[^\n]*", said) == []


def test_language_and_colours_that_were_chosen_survive_a_reload(page, house):
    page.goto(f"{house.url}#/settings")
    page.get_by_label("Colours").select_option("Dark")
    page.get_by_label("Language").select_option("Deutsch")
    expect(page.get_by_role("link", name="Ladungen")).to_be_visible()
    page.reload()
    expect(page.get_by_role("link", name="Ladungen")).to_be_visible()
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(17, 22, 27)"


def test_a_refusal_is_told_in_german_on_a_german_page(browser, house):
    house.ask("POST", "loadpoints/1/mincurrent/6")
    house.ask("POST", "loadpoints/1/maxcurrent/16")
    with browser.new_context(locale="de-DE") as context:
        page = context.new_page()
        page.goto(house.url)
        page.get_by_role("button", name="Einstellungen von Carport").click()
        page.get_by_label("Kleinster Strom").select_option("20 A · 13,8 kW")
        expect(page.get_by_role("alert")).to_have_text(
            "Nicht geändert: der kleinste Strom, 20 A, darf nicht über dem größten liegen, 16 A."
        )
