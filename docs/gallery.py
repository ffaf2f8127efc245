"""Take the pictures of the README from a built map: the page in Chromium, the project in QGIS.

Run as ``make gallery`` after ``make map``; needs Debian's Chromium and QGIS.
"""

import shutil
import subprocess
import tempfile
from pathlib import Path

from PIL import Image
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


COMPARED = "erdenet,oyu-tolgoi,tsagaan-suvarga"
WEIGHTS = (
    "theme=copper&w.copper=size:0.05,grade:0.05,stage:0.05,lists:0.05,freight:0.4,"
    "railhead:0.1,power:0.2,water:0.05,environment:0.05"
)
WIDE = {"viewport": {"width": 1440, "height": 900}}
PHONE = {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True}
# Name, what is shown, the view that stands in the address, and on what.
VIEWS = (
    ("desktop", "Ranking of copper deposits and the way of the first one", "", WIDE),
    ("site", "Why a site ranks where it does", "tab=site&site=oyu-tolgoi", WIDE),
    ("wind", "Wind is hatched where nothing is known", "theme=wind", WIDE),
    ("surface", "A surface with its legend", "theme=copper&s.copper=score", WIDE),
    ("weights", "Weights of one's own, re-ranked at once", WEIGHTS, WIDE),
    ("scenario", "The same sites with a crossing closed", "scenario=zamynuud-closed", WIDE),
    ("compare", "Three sites side by side", f"tab=compare&compare={COMPARED}", WIDE),
    ("gaps", "Where little is known", "tab=gaps", WIDE),
    ("sources", "Who says so", "tab=sources", WIDE),
    ("dark", "The dark scheme", "theme=fluorspar&scheme=dark", WIDE),
    ("japanese", "In Japanese", "language=ja", WIDE),
    ("phone", "On a phone", "", PHONE),
)


def pages() -> None:
    """Pictures of the page and of the report, without a network."""
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=SWITCHES)
        for name, _, view, screen in VIEWS:
            context = browser.new_context(**screen)  # type: ignore[arg-type]
            context.set_offline(True)
            opened = context.new_page()
            opened.goto(f"{(BUILT / 'index.html').as_uri()}#{view}")
            opened.wait_for_timeout(1500)
            opened.screenshot(path=GALLERY / f"mongolia-{name}.png")
            context.close()
        report(browser)
        browser.close()


def report(browser: Browser) -> None:
    """Picture of a site's page in the report."""
    opened = browser.new_page(viewport={"width": 900, "height": 1200})
    opened.goto((BUILT / "report.html").as_uri())
    first = opened.locator("section.page:has(h2.name)").first
    first.screenshot(path=GALLERY / "mongolia-report.png")


def lighten() -> None:
    """Keep 256 colours of each picture: a third of the bytes, and no difference to see."""
    for path in GALLERY.glob("mongolia-*.png"):
        with Image.open(path) as picture:
            # Few points have a theme's colour: they must not be averaged away.
            small = picture.convert("RGB").quantize(256, Image.Quantize.MAXCOVERAGE)
        small.save(path, optimize=True)


def index() -> None:
    """The page of the documentation that shows all of them."""
    said = {name: text for name, text, *_ in VIEWS}
    said |= {"report": "A page of the printed report", "qgis": "The same study in QGIS"}
    shown = "\n\n".join(
        f"## {text}\n\n![{text}](gallery/mongolia-{name}.png)" for name, text in said.items()
    )
    head = "# Gallery\n\nReal pictures of the map of Mongolia, taken by `make gallery`.\n\n"
    (ROOT / "docs" / "gallery.md").write_text(f"{head}{shown}\n", "utf-8")


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
    lighten()
    index()
