"""What only the owner may do on the page: keys for other programs, and reading the configuration anew."""

import urllib.error
import urllib.request

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import PHONE, constants
from tests.browser.served import PATIENCE_S
from tests.browser.test_manners import SMALL, fitting, violations


@pytest.fixture
def served(started):
    return started(constants())


@pytest.fixture
def owner(page, served):
    """The page Settings, logged in."""
    page.goto(f"{served.url}#/settings")
    page.get_by_role("button", name="Set password").click()
    page.get_by_role("dialog").get_by_label("New password").fill("sun and wind")
    page.get_by_role("dialog").get_by_role("button", name="Set password").click()
    page.get_by_role("button", name="Log out").wait_for()
    return page


def log_lines(served, key):
    request = urllib.request.Request(
        f"{served.url}api/system/log?level=INFO", headers={"Authorization": f"Bearer {key}"}
    )
    with urllib.request.urlopen(request, timeout=20) as answer:
        return answer.status


def test_a_key_is_shown_once_works_and_is_revoked(owner, served):
    owner.set_viewport_size(PHONE)
    owner.get_by_label("Name of the program").fill("wall clock")
    owner.get_by_role("button", name="Make a key").click()
    shown = owner.get_by_role("status").filter(has_text="stands here this once")
    key = shown.locator("code").inner_text()
    assert log_lines(served, key) == 200
    assert violations(owner) == []
    assert fitting(owner) <= 0
    assert owner.evaluate(SMALL) == []
    owner.reload()
    expect(owner.get_by_text("only reads")).to_be_visible()
    expect(shown).to_have_count(0)
    owner.get_by_role("button", name="Revoke the key wall clock").click()
    owner.get_by_role("button", name="Really revoke").click()
    expect(owner.get_by_text("only reads")).to_have_count(0)
    with pytest.raises(urllib.error.HTTPError, match="401"):
        log_lines(served, key)


def test_a_name_that_is_taken_is_refused_beside_the_field(owner):
    for _ in range(2):
        owner.get_by_label("Name of the program").fill("clock")
        owner.get_by_role("button", name="Make a key").click()
        owner.get_by_role("button", name="Revoke the key clock").wait_for()
    expect(owner.get_by_role("alert")).to_contain_text("there is a key 'clock' already")


def test_the_configuration_is_read_anew_after_a_question(owner, served, tmp_path):
    (tmp_path / "evcc.yaml").write_text(constants().replace("title: Testhaus", "title: Neues Haus"))
    owner.get_by_role("button", name="Read the configuration anew").click()
    owner.get_by_role("button", name="Read it now").click()
    served.until(lambda state: state["siteTitle"] == "Neues Haus", PATIENCE_S)
    expect(owner.get_by_role("heading", name="Neues Haus")).to_be_visible()


def test_a_configuration_with_a_mistake_is_not_taken_and_the_mistake_is_named(owner, served, tmp_path):
    (tmp_path / "evcc.yaml").write_text(constants().replace("meters: {grid: grid,", "meters: {grid: gird,"))
    owner.get_by_role("button", name="Read the configuration anew").click()
    owner.get_by_role("button", name="Read it now").click()
    expect(owner.get_by_role("alert")).to_contain_text("gird")
    assert served.state()["siteTitle"] == "Testhaus"
