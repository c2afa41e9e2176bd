"""What the page does when the server is gone, silent, misconfigured, or wants to know who is there."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import constants
from tests.browser.served import free_port


def test_after_a_restart_of_the_server_the_page_is_live_again_by_itself(page, started):
    served = started(constants())
    page.goto(served.url)
    page.get_by_role("heading", name="Carport").wait_for()
    served.stop()
    expect(page.get_by_text("No connection since")).to_be_visible()
    expect(page.get_by_role("heading", name="Carport")).to_be_visible()
    served.start()
    expect(page.get_by_text("No connection since")).to_have_count(0)
    served.ask("POST", "loadpoints/1/mode/now")
    expect(
        page.get_by_role("article", name="Carport").get_by_role("button", name="Fast", exact=True)
    ).to_have_attribute("aria-pressed", "true")


def test_a_change_that_nobody_hears_is_taken_back(page, started):
    served = started(constants())
    page.goto(served.url)
    card = page.get_by_role("article", name="Carport")
    card.wait_for()
    served.stop()
    card.get_by_role("button", name="Fast", exact=True).click()
    expect(card.get_by_role("alert")).to_contain_text("the server does not answer")
    expect(card.get_by_role("button", name="Off", exact=True)).to_have_attribute("aria-pressed", "true")


def test_where_a_proxy_eats_live_connections_the_page_asks(page, house):
    page.route_web_socket(re.compile("/ws$"), lambda socket: socket.close())
    house.ask("POST", "loadpoints/1/mode/off")
    page.goto(house.url)
    card = page.get_by_role("article", name="Carport")
    expect(page.get_by_text("Asking every 3 seconds")).to_be_visible()
    house.ask("POST", "loadpoints/1/mode/pv")
    expect(card.get_by_role("button", name="Solar", exact=True)).to_have_attribute("aria-pressed", "true")


def test_a_mistake_in_the_file_is_shown_with_its_line(page, started):
    served = started(constants().replace("charger: lone", "charger: lonely"))
    page.goto(served.url)
    expect(page.get_by_text("To be mended")).to_be_visible()
    expect(page.locator("main")).to_contain_text(re.compile(r"evcc\.yaml, line \d+"))
    expect(page.locator("main")).to_contain_text("lonely")


def test_a_mistake_in_the_file_is_announced_in_german_too(browser, started):
    served = started(constants().replace("charger: lone", "charger: lonely"))
    with browser.new_context(locale="de-DE") as context:
        page = context.new_page()
        page.goto(served.url)
        expect(page.get_by_text("Zu beheben")).to_be_visible()
        expect(page.locator("main")).to_contain_text(re.compile(r"evcc\.yaml, Zeile \d+"))
        expect(page.get_by_role("heading", name="Carport")).to_be_visible()


@pytest.mark.parametrize(("locale", "kind"), [("en-GB", "Sun"), ("de-DE", "Sonne")])
def test_a_device_that_does_not_answer_is_named_and_the_rest_runs(browser, started, locale, kind):
    roof = "{name: roof, type: custom, power: {source: const, value: 6200}}"
    dead = f"{{name: roof, type: custom, power: {{source: http, uri: 'http://127.0.0.1:{free_port()}/'}}}}"
    assert roof in constants()
    served = started(constants().replace(roof, dead))
    served.until(lambda state: state["pv"][0].get("error"), 40.0)
    with browser.new_context(locale=locale) as context:
        page = context.new_page()
        page.goto(f"{served.url}#/devices")
        row = page.get_by_role("listitem").filter(has_text=kind).first
        expect(row.locator(".problem")).to_contain_text(re.compile("refused|127.0.0.1"))
        page.goto(f"{served.url}#/")
        expect(page.get_by_role("article", name="Carport")).to_be_visible()


@pytest.mark.parametrize(
    ("locale", "sentence"),
    [
        ("en-GB", "The grid operator has dimmed the house: 8.4 kW"),
        ("de-DE", "Der Netzbetreiber dimmt das Haus: 8,4 kW"),
    ],
)
def test_an_order_of_the_grid_operator_stands_at_the_top(browser, started, locale, sentence):
    order = "hems: {type: relay, maxPower: 8400, limit: {source: const, value: true}}\n"
    served = started(constants().replace("value: 6200", "value: 0") + order)
    served.until(lambda state: state["hems"]["limited"])
    with browser.new_context(locale=locale) as context:
        page = context.new_page()
        page.goto(served.url)
        expect(page.locator(".notes")).to_contain_text(sentence)


def test_a_style_sheet_of_the_owners_changes_the_look(page, started, tmp_path, complaints):
    (tmp_path / "own.css").write_text("body { background: rgb(1, 2, 3) }")
    served = started(constants(), "--custom-css", str(tmp_path / "own.css"))
    page.goto(served.url)
    page.get_by_role("heading", name="Carport").wait_for()
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(1, 2, 3)"
    assert complaints == []


def test_a_house_without_charging_points_says_how_to_get_one(page, started):
    served = started("site: {title: Empty}\n")
    page.goto(served.url)
    expect(page.locator("main")).to_contain_text("No charging point is configured")


def test_the_first_password_is_chosen_and_asked_for_again(page, started):
    served = started(constants())
    page.goto(f"{served.url}#/settings")
    expect(page.locator("main")).to_contain_text("There is no password yet")
    page.get_by_role("button", name="Set password").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("New password").fill("sun and wind")
    dialog.get_by_role("button", name="Set password").click()
    expect(page.locator("main")).to_contain_text("You are logged in.")
    page.goto(f"{served.url}#/devices")
    page.get_by_label("Level").select_option("INFO")
    expect(page.get_by_role("region", name="Log").last).to_contain_text("login from")
    page.goto(f"{served.url}#/settings")
    page.get_by_role("button", name="Log out").click()
    expect(page.locator("main")).to_contain_text("You are not logged in")
    page.get_by_role("button", name="Log in").click()
    dialog.get_by_label("Password").fill("moon")
    dialog.get_by_role("button", name="Log in").click()
    expect(dialog.get_by_role("alert")).to_contain_text("That is not the password.")
    dialog.get_by_label("Password").fill("sun and wind")
    dialog.get_by_role("button", name="Log in").click()
    expect(page.locator("main")).to_contain_text("You are logged in.")


def test_where_changes_need_a_login_the_page_asks_for_it(page, started, tmp_path):
    (tmp_path / "evcc-flask.yaml").write_text("auth: {writes: true}\n")
    served = started(constants())
    served.ask("PUT", "auth/password", {"current": "", "new": "sun and wind"})
    page.goto(served.url)
    card = page.get_by_role("article", name="Carport")
    card.get_by_role("button", name="Fast", exact=True).click()
    expect(card.get_by_role("alert")).to_contain_text("please log in first")
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Password").fill("sun and wind")
    dialog.get_by_role("button", name="Log in").click()
    expect(dialog).to_have_count(0)
    card.get_by_role("button", name="Fast", exact=True).click()
    served.until(lambda state: state["loadpoints"][0]["mode"] == "now")


def test_the_demo_house_lives_from_a_click_to_a_charge(page, demo):
    demo.ask("POST", "loadpoints/1/mode/off")
    page.goto(demo.url)
    card = page.get_by_role("article", name="Carport")
    expect(card).to_contain_text("Charging is switched off.")
    card.get_by_role("button", name="Fast", exact=True).click()
    expect(card).to_contain_text("Charges as fast as allowed.")
    expect(card).to_contain_text("Charging", timeout=40_000)
    expect(card).to_contain_text(re.compile(r"Power ?\d+\.\d.kW"), timeout=40_000)
    expect(page).to_have_title(re.compile("kW"))


def test_below_another_path_the_page_works_the_same(page, house):
    """As behind a proxy that puts everything below /evcc/."""
    asked = []

    def proxied(route):
        path = route.request.url.removeprefix(house.url)
        asked.append(path)
        if not path.startswith("evcc/"):
            return route.abort()
        return route.fulfill(response=route.fetch(url=house.url + path.removeprefix("evcc/")))

    page.route("**/*", proxied)
    page.route_web_socket(re.compile("/ws$"), lambda socket: socket.close())
    house.ask("POST", "loadpoints/1/mode/off")
    page.goto(f"{house.url}evcc/")
    page.get_by_role("article", name="Carport").get_by_role("button", name="Solar", exact=True).click()
    house.until(lambda state: state["loadpoints"][0]["mode"] == "pv")
    assert all(path.startswith("evcc/") for path in asked), asked


def test_a_line_of_the_log_that_warns_is_shown_until_it_is_closed(page, house):
    def with_line(socket):
        server = socket.connect_to_server()
        server.on_message(lambda said: socket.send(said))
        lines.append(socket)

    lines = []
    page.route_web_socket(re.compile("/ws$"), with_line)
    page.goto(house.url)
    page.get_by_role("article", name="Carport").wait_for()
    lines[0].send('{"log": {"message": "the box is deaf", "level": "warn", "lp": 1}}')
    expect(page.get_by_text("Carport: the box is deaf")).to_be_visible()
    page.get_by_role("button", name="Close").click()
    expect(page.get_by_text("the box is deaf")).to_have_count(0)
