"""Each control changes the real state, and the page shows it."""

import re

import pytest
from playwright.sync_api import expect


@pytest.fixture
def card(opened):
    return opened.get_by_role("article", name="Carport")


@pytest.fixture
def settings(opened, card):
    card.get_by_role("button", name="Settings of Carport").click()
    return opened.get_by_role("dialog")


def bring_ioniq(house):
    """A car at the carport whose charge is known."""
    house.ask("POST", "loadpoints/1/vehicle/ioniq")
    house.ask("POST", "vehicles/ioniq/soc/46")
    house.until(lambda state: state["loadpoints"][0]["vehicleSoc"] == 46)


@pytest.mark.parametrize(("word", "mode"), [("Solar", "pv"), ("Min + solar", "minpv"), ("Fast", "now"), ("Off", "off")])
def test_a_touch_sets_the_mode(card, house, word, mode):
    button = card.get_by_role("button", name=word, exact=True)
    button.click()
    expect(button).to_have_attribute("aria-pressed", "true")
    house.until(lambda state: state["loadpoints"][0]["mode"] == mode)


def test_what_somebody_else_changes_is_shown_at_once(card, house):
    house.ask("POST", "loadpoints/1/mode/off")
    house.ask("POST", "loadpoints/1/mode/minpv")
    expect(card.get_by_role("button", name="Min + solar")).to_have_attribute("aria-pressed", "true")


def test_the_reason_is_a_sentence_and_a_touch_shows_the_last_decisions(card, house, opened):
    house.ask("POST", "loadpoints/1/mode/off")
    expect(card).to_contain_text("Charging is switched off.")
    card.get_by_role("button", name="Last decisions of Carport").click()
    expect(opened.get_by_role("dialog")).to_contain_text("Charging is switched off.")
    expect(opened.get_by_role("dialog").get_by_role("listitem").filter(has_text="decision").first).to_be_visible()


def test_each_mode_says_what_it_costs_now(card, house):
    house.ask("POST", "loadpoints/1/mode/pv")
    expect(card).to_contain_text(
        re.compile(r"Only what the sun leaves over: 1\.5.kW now, worth (8|11)\.0.ct/kWh sold\.")
    )
    house.ask("POST", "loadpoints/1/mode/now")
    expect(card).to_contain_text("Up to 11.0 kW; 9.5 kW of it from the grid now")


def test_the_car_is_chosen(card, house):
    house.ask("POST", "loadpoints/1/vehicle/ioniq")
    card.get_by_label("Car at Carport").select_option("Zoe")
    house.until(lambda state: state["loadpoints"][0]["vehicleName"] == "zoe")
    house.ask("POST", "loadpoints/1/vehicle/ioniq")
    expect(card.get_by_label("Car at Carport")).to_have_value("ioniq")


def test_the_charge_limit_is_dragged(card, house):
    bring_ioniq(house)
    house.ask("POST", "loadpoints/1/limitsoc/80")
    limit = card.get_by_label("Charge limit of Carport")
    expect(limit).to_have_value("80")
    limit.press("ArrowLeft")
    house.until(lambda state: state["loadpoints"][0]["limitSoc"] == 75)
    expect(card).to_contain_text("Limit 75 %")


def test_a_car_of_unknown_charge_has_an_energy_limit(opened, house):
    garage = opened.get_by_role("article", name="Garage")
    expect(garage).to_contain_text("State of charge unknown")
    garage.get_by_label("Energy limit of Garage").select_option("10.0 kWh")
    house.until(lambda state: state["loadpoints"][1]["limitEnergy"] == 10)


def test_a_guests_charge_is_told_by_hand(card, house):
    house.ask("DELETE", "loadpoints/1/vehicle")
    card.get_by_role("button", name="Charge unknown: enter it").click()
    card.get_by_label("Charged, %").fill("40")
    card.get_by_label("Battery, kWh").fill("50")
    card.get_by_role("button", name="Save").click()
    house.until(lambda state: state["loadpoints"][0]["vehicleSoc"] == 40)
    expect(card).to_contain_text("Entered by hand")
    house.ask("POST", "loadpoints/1/vehicle/ioniq")


@pytest.mark.parametrize(
    ("label", "value", "key", "stored"),
    [
        ("Priority", "3", "priority", 3),
        ("Starts at", "-900", "enableThreshold", -900),
        ("Starts after", "90", "enableDelay", 90),
        ("Stops at", "300", "disableThreshold", 300),
        ("Stops after", "240", "disableDelay", 240),
    ],
)
def test_a_figure_is_set(settings, house, label, value, key, stored):
    field = settings.get_by_label(label)
    field.fill(value)
    field.press("Enter")
    house.until(lambda state: state["loadpoints"][0][key] == stored)


def test_currents_are_chosen(settings, house):
    house.ask("POST", "loadpoints/1/maxcurrent/16")
    settings.get_by_label("Least current").select_option("8 A · 5.5 kW")
    house.until(lambda state: state["loadpoints"][0]["minCurrent"] == 8)
    house.ask("POST", "loadpoints/1/mincurrent/6")


def test_a_refused_change_is_taken_back_with_the_servers_sentence(settings, house):
    house.ask("POST", "loadpoints/1/mincurrent/6")
    house.ask("POST", "loadpoints/1/maxcurrent/16")
    settings.get_by_label("Least current").select_option("20 A · 13.8 kW")
    expect(settings.get_by_role("alert")).to_contain_text("Not changed")
    expect(settings.get_by_label("Least current")).to_have_value("6")
    assert house.loadpoint(1)["minCurrent"] == 6


def test_a_price_limit_says_how_many_hours_are_under_it(settings, house):
    house.ask("DELETE", "loadpoints/1/smartcostlimit")
    limit = settings.get_by_role("spinbutton", name="Up to")
    limit.fill("20")
    limit.press("Enter")
    house.until(lambda state: state["loadpoints"][0]["smartCostLimit"] == 0.2)
    expect(settings).to_contain_text(re.compile(r"Under it: 1[12]:\d\d\sh of the 72:\d\d\sh"))
    settings.get_by_role("button", name="No limit").click()
    house.until(lambda state: state["loadpoints"][0]["smartCostLimit"] is None)


def test_the_home_battery_boosts_a_solar_charge_only(card, settings, house):
    house.ask("POST", "loadpoints/1/mode/now")
    boost = settings.get_by_label("Boost: the home battery")
    expect(boost).to_be_disabled()
    expect(settings).to_contain_text("Only in the modes solar and min + solar.")
    house.ask("POST", "loadpoints/1/mode/pv")
    expect(boost).to_be_enabled()
    boost.check()
    house.until(lambda state: state["loadpoints"][0]["batteryBoost"])
    boost.uncheck()
    house.until(lambda state: not state["loadpoints"][0]["batteryBoost"])


@pytest.fixture
def swallowed(opened):
    """The hub answers 200, and somebody else has changed it back before it told anybody."""
    for operation in ("priority", "mincurrent", "smartfeedinprioritylimit"):
        opened.route(f"**/api/loadpoints/1/{operation}/*", lambda route: route.fulfill(json={"result": None}))


@pytest.mark.usefixtures("swallowed")
def test_what_the_hub_never_confirms_is_not_shown_for_long(settings, house):
    house.ask("POST", "loadpoints/1/mincurrent/6")
    house.ask("POST", "loadpoints/1/priority/0")
    house.ask("DELETE", "loadpoints/1/smartfeedinprioritylimit")
    limit = settings.get_by_role("spinbutton", name="Wait from this feed-in price on")
    expect(limit).to_have_value("")
    limit.fill("9.5")
    limit.press("Enter")
    settings.get_by_label("Least current").select_option("8 A · 5.5 kW")
    priority = settings.get_by_label("Priority")
    priority.fill("3")
    priority.press("Enter")
    expect(priority).to_be_focused()
    expect(priority).to_have_value("0")
    expect(settings.get_by_label("Least current")).to_have_value("6")
    expect(limit).to_have_value("")


def test_the_sun_is_sold_while_it_pays(settings, house):
    house.ask("DELETE", "loadpoints/1/smartfeedinprioritylimit")
    limit = settings.get_by_role("spinbutton", name="Wait from this feed-in price on")
    limit.fill("9.5")
    limit.press("Enter")
    house.until(lambda state: state["loadpoints"][0]["smartFeedInPriorityLimit"] == 0.095)
    house.ask("DELETE", "loadpoints/1/smartfeedinprioritylimit")
    expect(limit).to_have_value("")


def test_the_home_batterys_marks_are_moved_and_keep_their_order(opened, house):
    for path in ("bufferstartsoc/0", "buffersoc/0", "prioritysoc/0"):
        house.ask("POST", path)
    opened.get_by_role("button", name="Battery").click()
    dialog = opened.get_by_role("dialog")
    expect(dialog).to_contain_text("The cars always come before the home battery.")
    dialog.get_by_label("The home battery goes first up to").press("ArrowRight")
    house.until(lambda state: state["prioritySoc"] == 5)
    expect(dialog).to_contain_text("Up to 5 %: the home battery is filled first.")
    for _ in range(2):
        dialog.get_by_label("The home battery helps cars from").press("ArrowLeft")
    house.until(lambda state: state["bufferSoc"] == 90)
    dialog.get_by_label("The home battery starts charging from").press("Home")
    house.until(lambda state: state["bufferStartSoc"] == 90)


def test_the_home_battery_is_held_back_and_filled_from_the_grid(opened, house):
    house.ask("POST", "batterydischargecontrol/false")
    opened.get_by_role("button", name="Battery").click()
    dialog = opened.get_by_role("dialog")
    dialog.get_by_label("Hold it back while a car charges").check()
    house.until(lambda state: state["batteryDischargeControl"])
    limit = dialog.get_by_label("Fill it from the grid up to")
    limit.fill("15.5")
    limit.press("Enter")
    house.until(lambda state: state["batteryGridChargeLimit"] == 0.155)


def test_a_plan_is_previewed_before_it_counts_and_removed_again(card, opened, house):
    house.ask("POST", "loadpoints/1/mode/pv")
    bring_ioniq(house)
    house.ask("DELETE", "vehicles/ioniq/plan/soc")
    expect(card.get_by_label("Car at Carport")).to_have_value("ioniq")
    card.get_by_role("button", name="Plan").click()
    dialog = opened.get_by_role("dialog")
    dialog.get_by_label("Charged to").first.select_option("90 %")
    expect(dialog).to_contain_text("Charges between")
    expect(dialog.get_by_role("img", name="Price, expected sun")).to_be_visible()
    assert "plan" not in house.state()["vehicles"]["ioniq"]
    dialog.get_by_role("button", name="Set plan").click()
    house.until(lambda state: state["vehicles"]["ioniq"].get("plan", {}).get("soc") == 90)
    expect(dialog).to_contain_text("This plan counts.")
    expect(card).to_contain_text("Plan for")
    dialog.get_by_role("button", name="Remove plan").click()
    house.until(lambda state: not state["vehicles"]["ioniq"].get("plan"))


def test_a_plan_in_one_piece_is_asked_for_and_kept(card, opened, house):
    house.ask("POST", "loadpoints/1/mode/pv")
    bring_ioniq(house)
    house.ask("DELETE", "vehicles/ioniq/plan/soc")
    card.get_by_role("button", name="Plan", exact=True).click()
    dialog = opened.get_by_role("dialog")
    with opened.expect_request(lambda request: "preview/soc" in request.url and "continuous=true" in request.url):
        dialog.get_by_label("In one piece, even where").check()
    dialog.get_by_role("button", name="Set plan").click()
    house.until(lambda state: state["vehicles"]["ioniq"].get("plan", {}).get("continuous"))
    expect(dialog).to_contain_text("This plan counts.")
    dialog.get_by_label("In one piece, even where").uncheck()
    dialog.get_by_role("button", name="Change plan").click()
    house.until(lambda state: not state["vehicles"]["ioniq"]["plan"].get("continuous"))
    house.ask("DELETE", "vehicles/ioniq/plan/soc")


def test_a_weekly_plan_is_added_and_deleted(card, opened, house):
    bring_ioniq(house)
    house.ask("POST", "vehicles/ioniq/plan/repeating", {"plans": []})
    expect(card.get_by_label("Car at Carport")).to_have_value("ioniq")
    card.get_by_role("button", name="Plan").click()
    dialog = opened.get_by_role("dialog")
    dialog.get_by_role("button", name="Add a weekly plan").click()
    dialog.get_by_role("button", name="Sat").click()
    dialog.get_by_role("button", name="Save").click()
    kept = house.until(lambda state: state["vehicles"]["ioniq"]["repeatingPlans"])["vehicles"]["ioniq"][
        "repeatingPlans"
    ]
    assert kept[0]["weekdays"] == [1, 2, 3, 4, 5, 6]
    dialog.get_by_role("button", name="Delete").click()
    dialog.get_by_role("button", name="Save").click()
    house.until(lambda state: not state["vehicles"]["ioniq"]["repeatingPlans"])


def test_a_car_has_a_minimum_and_a_limit_wherever_it_stands(card, opened, house):
    bring_ioniq(house)
    card.get_by_role("button", name="Plan").click()
    dialog = opened.get_by_role("dialog")
    dialog.get_by_label("Charged fast up to").select_option("30 %")
    dialog.get_by_label("Stops at, unless").select_option("85 %")
    house.until(lambda state: state["vehicles"]["ioniq"].get("limitSoc") == 85)
    assert house.state()["vehicles"]["ioniq"]["minSoc"] == 30
    house.ask("POST", "vehicles/ioniq/minsoc/0")
    house.ask("POST", "vehicles/ioniq/limitsoc/0")


def test_fast_just_this_once_is_shown_with_the_mode_that_returns(card, opened, house):
    house.ask("POST", "loadpoints/1/mode/pv")
    expect(card.get_by_role("button", name="Solar", exact=True)).to_have_attribute("aria-pressed", "true")
    card.get_by_role("button", name="Fast once").click()
    opened.get_by_role("dialog").get_by_role("button", name="+20 kWh").click()
    expect(card).to_contain_text("Fast, 20.0 kWh more, then Solar")
    assert house.loadpoint(1)["fast"]["until"] == "20kwh"
    card.get_by_role("button", name="End it").click()
    house.until(lambda state: not state["loadpoints"][0]["fast"])
    assert house.loadpoint(1)["mode"] == "pv"


def test_one_card_for_the_wall_has_three_buttons(page, house, complaints):
    house.ask("POST", "loadpoints/1/mode/off")
    page.goto(f"{house.url}?loadpoint=1&view=simple")
    expect(page.get_by_role("button")).to_have_count(3)
    page.get_by_role("button", name="Fast").click()
    house.until(lambda state: state["loadpoints"][0]["mode"] == "now")
    assert complaints == []


def test_the_house_holds_back_what_is_set(opened, house):
    opened.goto(f"{house.url}#/settings")
    field = opened.get_by_label("Held back at the grid")
    field.fill("150")
    field.press("Enter")
    house.until(lambda state: state["residualPower"] == 150)
    house.ask("POST", "residualpower/0")
