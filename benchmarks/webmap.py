"""How fast the map's page is: `python -m benchmarks.webmap maps/mongolia/index.html`.

Prints the time to the first ranked list as a multiple of a blank page's in the same browser,
beside the budget for it, and the time from a moved slider to the repainted frame with the processor
slowed down four times: as it passes, and as the page's own thread works, which a machine that is
busy with other things lengthens less.
"""

import json
import sys
import tempfile
from pathlib import Path
from statistics import median
from typing import Any

CHROMIUM = "/usr/bin/chromium"
ROUNDS = 7
BUDGET = 15.0
"""Blank pages' time that the first ranked list may take."""

REPAINT = 100.0
"""Time that a moved slider may take to its frame at four times slow-down [ms]."""

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
    performance.mark('lodemap-from');
    slider.value = String(0.1 + 0.07 * (k % 9));
    slider.dispatchEvent(new Event('input', {bubbles: true}));
    await new Promise((done) => requestAnimationFrame(() => {
      const channel = new MessageChannel();
      channel.port1.onmessage = done;
      channel.port2.postMessage(0);
    }));
    performance.mark('lodemap-to');
    took.push(performance.now() - from);
    await new Promise((done) => setTimeout(done, 450));
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


def repaint(browser: Any, address: str, chip: int) -> tuple[list[float], list[float]]:
    """From a moved slider to the next painted frame, at four times slow-down [ms].

    Returns
    -------
    passed, worked : list of float
        Time that passed, and processor time of the page's thread in it, which the slow-down
        lengthens too; both sorted.
    """
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
    with tempfile.TemporaryDirectory() as folder:
        trace = Path(folder) / "trace.json"
        kinds = ["blink.user_timing", "disabled-by-default-devtools.timeline"]
        browser.start_tracing(page=page, path=str(trace), categories=kinds)
        passed = sorted(float(ms) for ms in page.evaluate(MOVED, 15))
        browser.stop_tracing()
        worked = thread_time(json.loads(trace.read_text("utf-8"))["traceEvents"])
    page.close()
    return passed, worked


def thread_time(events: list[dict[str, Any]]) -> list[float]:
    """Processor time of the page's thread between each pair of marks, sorted [ms]."""
    marks = sorted(
        (e["ts"], e["name"], (e["pid"], e["tid"]))
        for e in events
        if str(e.get("name", "")).startswith("lodemap-")
    )
    thread = marks[0][2]
    tasks = [
        e
        for e in events
        if e.get("name") == "RunTask" and e.get("ph") == "X" and (e["pid"], e["tid"]) == thread
    ]
    starts = [ts for ts, name, _ in marks if name == "lodemap-from"]
    ends = [ts for ts, name, _ in marks if name == "lodemap-to"]
    return sorted(
        sum(e.get("tdur", 0) for e in tasks if start <= e["ts"] <= end) / 1000
        for start, end in zip(starts, ends, strict=True)
    )


def main() -> None:
    """Measure the page that the first argument names."""
    from playwright.sync_api import sync_playwright

    address = Path(sys.argv[1]).resolve().as_uri()
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        blank = first_list(browser, "data:text/html,<title>blank</title>")
        listed = first_list(browser, address)
        print(
            f"first list: {listed:.0f} ms, {listed / blank:.1f} times a blank page "
            f"({blank:.0f} ms); the budget is {BUDGET:g} times"
        )
        for chip in (0, 3):
            passed, worked = repaint(browser, address, chip)
            print(
                f"theme {chip}: slider to frame at 4x, median {median(passed):.0f} ms (worst "
                f"{passed[-1]:.0f}), of it the page's own work {median(worked):.0f} ms; "
                f"the budget is {REPAINT:g} ms"
            )
        browser.close()


if __name__ == "__main__":
    main()
