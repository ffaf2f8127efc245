"""A page printed to PDF by a Chromium that is on the machine; none is brought along."""

import shutil
import subprocess
import tempfile
from pathlib import Path

from geo.errors import OutputError

__all__ = ["print_pdf"]

_BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome", "msedge")
_SECONDS = 180


def print_pdf(page: str, target: Path) -> Path:
    """Print a page that needs nothing from the network.

    Parameters
    ----------
    page : str
        HTML.
    target : Path
        File to write, whole or not at all.

    Returns
    -------
    Path

    Raises
    ------
    OutputError
        If there is no Chromium, it fails, or the file cannot be written.
    """
    browser = next((found for name in _BROWSERS if (found := shutil.which(name))), None)
    if browser is None:
        raise OutputError(
            "a PDF is printed by Chromium, and there is none here: install it, or print the HTML"
        )
    try:
        with tempfile.TemporaryDirectory(prefix=".lodemap-pdf-", dir=target.parent) as folder:
            source, made = Path(folder) / "page.html", Path(folder) / "page.pdf"
            source.write_text(page, "utf-8")
            _print(browser, source, made)
            made.replace(target)
    except OSError as error:
        raise OutputError(f"{target} cannot be written: {error.strerror}") from error
    return target


def _print(browser: str, source: Path, made: Path) -> None:
    command = [
        browser,
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-background-networking",
        "--disable-component-update",
        "--no-pdf-header-footer",
        f"--user-data-dir={source.parent / 'profile'}",
        f"--print-to-pdf={made}",
        source.as_uri(),
    ]
    try:
        # The browser's own path and the page's: no word of a layer is in the command.
        done = subprocess.run(  # noqa: S603
            command, capture_output=True, timeout=_SECONDS, check=False
        )
    except subprocess.TimeoutExpired:
        raise OutputError(f"{browser} printed nothing in {_SECONDS} s: print the HTML") from None
    if done.returncode != 0 or not made.is_file():
        said = done.stderr.decode(errors="replace").strip().splitlines()
        raise OutputError(f"{browser} could not print ({said[-1] if said else 'no reason given'})")
