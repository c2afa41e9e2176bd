"""How soon the dashboard shows its first live figure, and what it costs the browser: python -m benchmarks.page

Headless Chromium and a house of constants on the same machine, cold cache, loopback; each round is a new profile.
"""

import gzip
import shutil
import statistics
import tempfile
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from tests.browser.served import Served

TOP = Path(__file__).parents[1]
ROUNDS = 9
WINDOWS = {"1280x900": {"width": 1280, "height": 900}, "390x844": {"width": 390, "height": 844}}
WATCH = """
window.blocked = 0;
const late = (list) => list.getEntries().forEach((each) => (window.blocked += Math.max(0, each.duration - 50)));
new PerformanceObserver(late).observe({ type: 'longtask', buffered: true });
new MutationObserver(() => {
  const figure = document.querySelector('.label strong');
  if (figure && /\\d/.test(figure.textContent)) window.first ??= performance.now();
}).observe(document, { subtree: true, childList: true, characterData: true });
"""


def load(browser: Browser, url: str, size: dict[str, int]) -> tuple[float, float, float]:
    """Milliseconds to the first figure, milliseconds of blocked main thread, kB of code as gzip."""
    context = browser.new_context(viewport=size)
    page = context.new_page()
    answers = []
    page.on("response", lambda answer: answers.append(answer))
    page.add_init_script(WATCH)
    page.goto(url)
    page.get_by_role("article").first.wait_for()
    page.wait_for_load_state("networkidle")
    code = sum(len(gzip.compress(each.body(), 9)) for each in answers if each.url.endswith((".js", ".css")))
    measured = page.evaluate("window.first"), page.evaluate("window.blocked"), code / 1000
    context.close()
    return measured


def main() -> None:
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as play:
        shutil.copy(TOP / "tests" / "browser" / "house.yaml", Path(folder) / "evcc.yaml")
        served = Served(Path(folder), "run", "-c", f"{folder}/evcc.yaml", "--database", f"{folder}/house.db").start()
        browser = play.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        try:
            for name, size in WINDOWS.items():
                first, blocked, code = zip(*(load(browser, served.url, size) for _ in range(ROUNDS)), strict=True)
                print(
                    f"{name}: first figure {statistics.median(first):.0f} ms ({min(first):.0f} to {max(first):.0f}), "
                    f"blocked {statistics.median(blocked):.0f} ms, code {code[0]:.0f} kB"
                )
        finally:
            browser.close()
            served.stop()


if __name__ == "__main__":
    main()
