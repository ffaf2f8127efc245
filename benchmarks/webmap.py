"""How fast the map's page is: `python -m benchmarks.webmap maps/mongolia/index.html`.

Prints the time to the first ranked list as a multiple of a blank page's in the same browser, and
the time from a moved slider to the repainted frame with the processor slowed down four times.
"""

import sys
from pathlib import Path
from statistics import median
from typing import Any

CHROMIUM = "/usr/bin/chromium"
ROUNDS = 7
LISTED = """() => new Promise((done) => {
  const look = () => document.querySelector('.row') || document.title === 'blank'
    ? requestAnimationFrame(() => setTimeout(() => done(performance.now()), 0))
    : setTimeout(look, 2);
  look();
})"""
MOVED = """async (steps) => {
  const slider = document.querySelector('#weight-0'), took = [];
  for (let k = 0; k < steps; k += 1) {
    const from = performance.now();
    slider.value = String(0.1 + 0.07 * (k % 9));
    slider.dispatchEvent(new Event('input', {bubbles: true}));
    await new Promise((done) => requestAnimationFrame(() => {
      const channel = new MessageChannel();
      channel.port1.onmessage = done;
      channel.port2.postMessage(0);
    }));
    took.push(performance.now() - from);
    await new Promise((done) => setTimeout(done, 250));
  }
  return took;
}"""


def first_list(browser: Any, address: str) -> float:
    """Median time to the first painted list, or to a blank page [ms]."""
    times = []
    for _ in range(ROUNDS):
        page = browser.new_page()
        page.goto(address, wait_until="commit")
        times.append(float(page.evaluate(LISTED)))
        page.close()
    return median(times)


def repaint(browser: Any, address: str, chip: int) -> list[float]:
    """Times from a moved slider to the next painted frame, at four times slow-down [ms]."""
    page = browser.new_page(viewport={"width": 1440, "height": 900})
    page.goto(address)
    page.wait_for_selector(".row")
    page.locator(".chip").nth(chip).click()
    if not page.locator("#surface-on").is_checked():
        page.check("#surface-on")
    page.wait_for_timeout(1500)
    client = page.context.new_cdp_session(page)
    client.send("Emulation.setCPUThrottlingRate", {"rate": 4})
    page.evaluate(MOVED, 3)
    found = sorted(page.evaluate(MOVED, 15))
    page.close()
    return [float(ms) for ms in found]


def main() -> None:
    """Measure the page that the first argument names."""
    from playwright.sync_api import sync_playwright

    address = Path(sys.argv[1]).resolve().as_uri()
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        blank = first_list(browser, "data:text/html,<title>blank</title>")
        listed = first_list(browser, address)
        print(f"first list: {listed:.0f} ms, {listed / blank:.1f} times a blank page")
        for chip in (0, 3):
            times = repaint(browser, address, chip)
            print(f"theme {chip}: slider to frame at 4x, median {median(times):.0f} ms, "
                  f"worst {times[-1]:.0f} ms")  # fmt: skip
        browser.close()


if __name__ == "__main__":
    main()
