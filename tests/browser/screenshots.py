"""``python -m tests.browser.screenshots``: pictures of every page and dialog, phone and desktop, light and dark.

The demo house is let live for some hours of its day first, so that there is something to see.
"""

import base64
import shutil
import tempfile
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from tests.browser.served import Served

IMAGES = Path(__file__).parents[2] / "docs" / "images"
WINDOWS = {"phone": {"width": 390, "height": 844}, "desktop": {"width": 1280, "height": 900}}
PAGES = {
    "now": "",
    "energy": "#/energy",
    "sessions": "#/sessions",
    "devices": "#/devices",
    "settings": "#/settings",
    "simple": "?loadpoint=1&view=simple",
}
DIALOGS = {
    "plan": ("Carport", "Plan"),
    "once": ("Carport", "Fast once"),
    "loadpoint": ("Carport", "Settings of Carport"),
    "reasons": ("Carport", "Last decisions"),
    "battery": (None, "Battery"),
}
QUALITY = 82


def shoot(page: Page, name: str) -> None:
    """One picture as WebP, which the browser makes itself."""
    shot = page.context.new_cdp_session(page).send("Page.captureScreenshot", {"format": "webp", "quality": QUALITY})
    (IMAGES / f"{name}.webp").write_bytes(base64.b64decode(shot["data"]))


def still(page: Page) -> None:
    """Everything is drawn."""
    page.locator("main > :not(.notes)").first.wait_for()
    page.wait_for_timeout(900)


@contextmanager
def lived():
    """The demo house on a June noon."""
    with tempfile.TemporaryDirectory() as folder:
        served = Served(Path(folder), "demo", "--speed", "60")
        try:
            served.start().until(lambda state: state["loadpoints"][0]["sessionEnergy"] > 12_000, 300.0)
            served.ask("POST", "prioritysoc/20")
            served.ask("POST", "bufferstartsoc/90")
            served.ask("POST", "buffersoc/70")
            yield served
        finally:
            served.stop()


def main() -> None:
    IMAGES.mkdir(exist_ok=True)
    with lived() as served, sync_playwright() as play:
        browser = play.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        for window, size in WINDOWS.items():
            for scheme in ("light", "dark"):
                context = browser.new_context(viewport=size, color_scheme=scheme, locale="en-GB")
                page = context.new_page()
                for name, path in PAGES.items():
                    page.goto(served.url + path)
                    still(page)
                    shoot(page, f"{name}-{window}-{scheme}")
                page.goto(served.url)
                still(page)
                for name, (card, button) in DIALOGS.items():
                    place = page.get_by_role("article", name=card) if card else page
                    place.get_by_role("button", name=button).click()
                    page.get_by_role("dialog").wait_for()
                    page.wait_for_timeout(700)
                    if name == "reasons":
                        page.get_by_role("slider", name="Power and decisions").hover(position={"x": 250, "y": 60})
                    shoot(page, f"{name}-dialog-{window}-{scheme}")
                    page.keyboard.press("Escape")
                    page.get_by_role("dialog").wait_for(state="detached")
                context.close()
        browser.close()


if __name__ == "__main__":
    main()
