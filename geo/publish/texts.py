"""Words of the page by key and language, from files that a translator can edit."""

import tomllib
from collections.abc import Iterable, Mapping
from functools import cache
from importlib import resources
from typing import Any, Final

from geo.errors import OutputError
from geo.publish.vendored import asset

__all__ = ["LANGUAGE", "PARTS", "known_languages", "languages_of", "missing", "page_texts", "texts"]

LANGUAGE: Final = "en"
"""The language that every key exists in."""

PARTS: Final = ("texts", "report")
"""What has words: the web map, the report."""

_FORMS: Final = frozenset({"zero", "one", "two", "few", "many", "other"})

Text = str | dict[str, str]


@cache
def texts(language: str, part: str = "texts") -> Mapping[str, Text]:
    """Every text of a language by its key; a text with plural forms is a table of them.

    Parameters
    ----------
    language : str
        Name of a file in ``assets/texts``, such as ``"en"``.
    part : str, optional
        ``"report"`` for the words of the report, in ``assets/report``.

    Returns
    -------
    mapping of str to str or dict

    Raises
    ------
    OutputError
        If there is no such file, or it is not valid.

    Examples
    --------
    >>> texts("en")["tab.ranking"], texts("en")["card.legs"]
    ('Ranking', {'one': '{n} leg', 'other': '{n} legs'})
    """
    if languages_of([language], part) != (language,):
        raise OutputError(f"there are no words in {language!r}: take one of those in assets/{part}")
    try:
        return dict(_flat(tomllib.loads(asset(f"{part}/{language}.toml")), ""))
    except tomllib.TOMLDecodeError as error:
        raise OutputError(f"{part}/{language}.toml is not valid TOML ({error}): mend it") from None


_SHARED: Final = (
    "project", "project-about", "real", "nominal", "lcoe", "price", "npv", "irr", "equity-irr",
    "payback", "dscr", "moves", "cost-from-to", "needed-for", "now", "needed", "none-reaches",
    "term-capital", "term-fixed", "term-rate", "term-capacity_factor", "term-grant", "term-years",
)  # fmt: skip


def page_texts(language: str) -> dict[str, Text]:
    """Texts of the web map, with those on projects that it shares with the report.

    Examples
    --------
    >>> page_texts("en")["tab.ranking"], page_texts("en")["project.price"]
    ('Ranking', 'Price, USD/MWh')
    """
    spoken = languages_of([language], "report")[0]
    report = {**texts(LANGUAGE, "report"), **texts(spoken, "report")}
    return {**texts(language), **{f"project.{key}": report[key] for key in _SHARED}}


def _flat(table: Mapping[str, Any], before: str) -> Iterable[tuple[str, Text]]:
    for key, value in table.items():
        if isinstance(value, dict) and not ("other" in value and _FORMS.issuperset(value)):
            yield from _flat(value, f"{before}{key}.")
        else:
            yield before + key, value


def languages_of(asked: Iterable[str], part: str = "texts") -> tuple[str, ...]:
    """The asked languages that there are texts for, in their order; English if there is none.

    Examples
    --------
    >>> languages_of(["en", "tlh"])
    ('en',)
    """
    folder = resources.files("geo.publish").joinpath("assets", part)
    found = [code for code in dict.fromkeys(asked) if folder.joinpath(f"{code}.toml").is_file()]
    return tuple(found) or (LANGUAGE,)


def known_languages() -> tuple[str, ...]:
    """Every language that some part has texts in, sorted.

    Examples
    --------
    >>> "en" in known_languages()
    True
    """
    assets = resources.files("geo.publish").joinpath("assets")
    names = {item.name for part in PARTS for item in assets.joinpath(part).iterdir()}
    return tuple(sorted(name[: -len(".toml")] for name in names if name.endswith(".toml")))


def missing(language: str, part: str = "texts") -> tuple[str, ...]:
    """Keys that a language lacks, sorted.

    Examples
    --------
    >>> missing("en")
    ()
    """
    if language not in known_languages():
        raise OutputError(f"there are no words in {language!r}: there are {known_languages()}")
    there = texts(language, part) if languages_of([language], part) == (language,) else {}
    return tuple(sorted(set(texts(LANGUAGE, part)) - set(there)))
