"""Every colour, width and radius, named once: web map, QGIS project and charts share them."""

from collections.abc import Mapping
from types import MappingProxyType

__all__ = ["ACCENTS", "DARK", "LIGHT", "RAMP", "ROUTES", "SIZES"]

LIGHT: Mapping[str, str] = MappingProxyType(
    {
        "paper": "#f4f2ec",
        "land": "#f6f3ea",
        "land-focus": "#efe7d6",
        "veil": "#f7f5f0",
        "water": "#d3e0e6",
        "water-line": "#9fb9c4",
        "ink": "#23211d",
        "ink-soft": "#6b655c",
        "rule": "#e4dfd4",
        "panel": "#fffefb",
        "outline": "#3a3630",
        "boundary": "#b9b2a5",
        "network": "#8a8379",
        "town": "#4a453d",
        "halo": "#fffdf7",
        "excluded": "#b8b4ad",
        "unknown": "#8f8a82",
        "focus": "#1b5fa8",
        "warn": "#a4531c",
    }
)

DARK: Mapping[str, str] = MappingProxyType(
    {
        "paper": "#1b1d1f",
        "land": "#26282a",
        "land-focus": "#32322e",
        "veil": "#1f2123",
        "water": "#1d2f38",
        "water-line": "#3d5a68",
        "ink": "#f1eee7",
        "ink-soft": "#b3ada2",
        "rule": "#3b3c3c",
        "panel": "#232527",
        "outline": "#d9d3c6",
        "boundary": "#5b5a55",
        "network": "#8d8a84",
        "town": "#d8d2c6",
        "halo": "#1b1d1f",
        "excluded": "#5a5955",
        "unknown": "#85827c",
        "focus": "#7fb7f2",
        "warn": "#e3a466",
    }
)

ACCENTS: tuple[str, ...] = ("#b5652b", "#6a4fb3", "#0f7c7c", "#b27a00", "#2f7fc1", "#4c8b2b")
"""Default accents of themes in recipe order, for recipes that name none."""

ROUTES: Mapping[str, str] = MappingProxyType(
    {"truck": "#6e5a44", "road": "#6e5a44", "rail": "#8a4b2a", "sea": "#3b6f95"}
)

RAMP: tuple[str, ...] = (
    "#fdf3d0", "#d7dfb0", "#9fc9a5", "#5daba0", "#2f8595", "#225a7f", "#1f2f5f",
)  # fmt: skip
"""Low to high, even in lightness and safe for colour-blind readers."""

SIZES: Mapping[str, float] = MappingProxyType(
    {
        "site-radius": 10.0,
        "dot-radius": 3.5,
        "route": 3.0,
        "casing": 6.0,
        "network": 1.0,
        "outline": 1.8,
        "panel-width": 372.0,
    }
)
