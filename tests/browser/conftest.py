"""Debian's Chromium before the real server: a house of constants for settings, the demo house for what lives."""

import shutil
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.served import Served

HERE = Path(__file__).parent
CHROMIUM = shutil.which("chromium")
PHONE = {"width": 360, "height": 740}
DESKTOP = {"width": 1280, "height": 900}


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args):
    if CHROMIUM is None:
        pytest.skip("needs chromium: script/setup --tests")
    return {**browser_type_launch_args, "executable_path": CHROMIUM, "args": ["--no-sandbox"]}


@pytest.fixture(scope="session")
def browser_context_args(browser_context_args):
    return {**browser_context_args, "viewport": DESKTOP, "locale": "en-GB", "reduced_motion": "reduce"}


@pytest.fixture(scope="session")
def house(tmp_path_factory):
    """The house of constants; each test sets what it needs first."""
    folder = tmp_path_factory.mktemp("house")
    shutil.copy(HERE / "house.yaml", folder / "evcc.yaml")
    served = Served(folder, "run", "-c", str(folder / "evcc.yaml"), "--database", str(folder / "house.db"))
    yield served.start()
    served.stop()


def constants():
    """The file of the house of constants."""
    return (HERE / "house.yaml").read_text()


@pytest.fixture
def started(tmp_path):
    """Start a server of its own over a file, with further words of the command line; all end with the test."""
    there = []

    def start(text, *words):
        (tmp_path / "evcc.yaml").write_text(text)
        usual = ("run", "-c", str(tmp_path / "evcc.yaml"), "--database", str(tmp_path / "house.db"))
        there.append(Served(tmp_path, *usual, *words))
        return there[-1].start()

    yield start
    for served in there:
        served.stop()


@pytest.fixture(scope="session")
def demo(tmp_path_factory):
    """The demo house, five minutes in ten seconds."""
    served = Served(tmp_path_factory.mktemp("demo"), "demo", "--speed", "30")
    yield served.start()
    served.stop()


@pytest.fixture(autouse=True)
def _patience(page):
    """A busy machine is waited for, but not as long as the browser would."""
    page.set_default_timeout(15_000)
    expect.set_options(timeout=15_000)


@pytest.fixture
def complaints(page):
    """What the browser's console says of errors and of the policy; none is wanted."""
    said = []
    page.on("console", lambda message: said.append(message.text) if message.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: said.append(str(error)))
    return said


@pytest.fixture
def opened(page, house, complaints):
    """The dashboard of the house, with its first figures."""
    page.goto(house.url)
    page.get_by_role("heading", name="Carport").wait_for()
    yield page
    # A refusal is one of the server's words: that no password is set (501), that a wish makes no sense (400).
    assert [each for each in complaints if "status of 501" not in each and "status of 400" not in each] == []
