"""Names and codes of Mongolia's provinces, by the FIPS code that the sources share."""

from typing import NamedTuple

__all__ = ["PROVINCES", "normal_province"]


class Province(NamedTuple):
    """Name in Latin letters (MNS 5217:2012) and ISO 3166-2 code."""

    name: str
    iso: str


PROVINCES = {
    "MG01": Province("Arkhangai", "MN-073"),
    "MG02": Province("Bayankhongor", "MN-069"),
    "MG03": Province("Bayan-Ölgii", "MN-071"),
    "MG06": Province("Dornod", "MN-061"),
    "MG07": Province("Dornogovi", "MN-063"),
    "MG08": Province("Dundgovi", "MN-059"),
    "MG09": Province("Zavkhan", "MN-057"),
    "MG10": Province("Govi-Altai", "MN-065"),
    "MG11": Province("Khentii", "MN-039"),
    "MG12": Province("Khovd", "MN-043"),
    "MG13": Province("Khövsgöl", "MN-041"),
    "MG14": Province("Ömnögovi", "MN-053"),
    "MG15": Province("Övörkhangai", "MN-055"),
    "MG16": Province("Selenge", "MN-049"),
    "MG17": Province("Sükhbaatar", "MN-051"),
    "MG18": Province("Töv", "MN-047"),
    "MG19": Province("Uvs", "MN-046"),
    "MG20": Province("Ulaanbaatar", "MN-1"),
    "MG21": Province("Bulgan", "MN-067"),
    "MG23": Province("Darkhan-Uul", "MN-037"),
    "MG24": Province("Govisümber", "MN-064"),
    "MG25": Province("Orkhon", "MN-035"),
}

_OTHER_SPELLINGS = {"Govisumber": "Govisümber", "Hovsgel": "Khövsgöl"}


def normal_province(name: str) -> str:
    """Bring a province's name to the spelling of `PROVINCES`; foreign names stay.

    Examples
    --------
    >>> normal_province("Hovsgel"), normal_province("Gansu")
    ('Khövsgöl', 'Gansu')
    """
    return _OTHER_SPELLINGS.get(name, name)
