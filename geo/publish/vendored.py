"""The scripts and styles that ship with the package, checked before they are used."""

import hashlib
from collections.abc import Mapping
from functools import cache
from importlib import resources
from types import MappingProxyType

from geo.errors import OutputError

__all__ = ["LEAFLET_VERSION", "VENDORED", "asset"]

LEAFLET_VERSION = "1.9.4"

VENDORED: Mapping[str, str] = MappingProxyType(
    {
        "vendor/leaflet.js": "db49d009c841f5ca34a888c96511ae936fd9f5533e90d8b2c4d57596f4e5641a",
        "vendor/leaflet.css": "a7837102824184820dfa198d1ebcd109ff6d0ff9a2672a074b9a1b4d147d04c6",
    }
)
"""SHA-256 of each vendored file, as published with Leaflet 1.9.4."""


@cache
def asset(name: str) -> str:
    """Text of a file in ``geo/publish/assets``.

    Parameters
    ----------
    name : str
        Path below the folder, such as ``"vendor/leaflet.js"``.

    Returns
    -------
    str
        The file's text, its line ends untouched.

    Raises
    ------
    OutputError
        If the file is missing, or a vendored file is not the published one.

    Examples
    --------
    >>> asset("vendor/leaflet.js")[:9]
    '/* @prese'
    """
    try:
        data = resources.files("geo.publish").joinpath("assets", name).read_bytes()
    except OSError as error:
        raise OutputError(
            f"the package's file {name} cannot be read ({error}): install lodemap again"
        ) from error
    expected = VENDORED.get(name)
    if expected is not None and hashlib.sha256(data).hexdigest() != expected:
        raise OutputError(
            f"the package's file {name} is not the published one: install lodemap again"
        )
    return data.decode("utf-8")
