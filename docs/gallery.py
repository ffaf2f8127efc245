"""Take the pictures of the README from a built map: the page in Chromium, the project in QGIS.

Run as ``make gallery`` after ``make map``; needs Debian's Chromium and QGIS.
"""

import shutil
import subprocess
import tempfile
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

ROOT = Path(__file__).resolve().parents[1]
BUILT = ROOT / "maps" / "mongolia"
GALLERY = ROOT / "docs" / "gallery"
CHROMIUM = "/usr/bin/chromium"
SWITCHES = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def page(browser: Browser, name: str, chips: list[str], **view: object) -> None:
    """Picture of the page after some clicks, without a network."""
    context = browser.new_context(**view)  # type: ignore[arg-type]
    context.set_offline(True)
    opened = context.new_page()
    opened.goto((BUILT / "index.html").as_uri())
    opened.wait_for_timeout(1000)
    for chip in chips:
        opened.click(chip)
        opened.wait_for_timeout(800)
    opened.screenshot(path=GALLERY / f"{name}.png")
    context.close()


def pages() -> None:
    """Pictures of the page on a desktop and on a phone."""
    desktop = {"viewport": {"width": 1440, "height": 900}}
    phone = {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True}
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=SWITCHES)
        page(browser, "mongolia-desktop", [], **desktop)
        page(browser, "mongolia-site", ["text=Oyu Tolgoi"], **desktop)
        page(browser, "mongolia-wind", ["button.chip:has-text('Wind')"], **desktop)
        page(browser, "mongolia-phone", [], **phone)
        browser.close()


def qgis() -> None:
    """Picture of the first view in QGIS, of a copy: QGIS leaves files beside what it opens."""
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "mongolia"
        shutil.copytree(BUILT, copy)
        plain = {"PATH": "/usr/bin:/bin", "HOME": folder, "QT_QPA_PLATFORM": "offscreen"}
        script = ROOT / "tests" / "qgis" / "open_in_qgis.py"
        picture = GALLERY / "mongolia-qgis.png"
        command = ["/usr/bin/python3", script, "project", copy / "mongolia.qgz", picture]
        subprocess.run([str(word) for word in command], env=plain, check=True)


if __name__ == "__main__":
    GALLERY.mkdir(exist_ok=True)
    pages()
    qgis()
