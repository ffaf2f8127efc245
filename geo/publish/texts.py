"""Words of the page by key and language, from files that a translator can edit."""

import tomllib
from collections.abc import Iterable, Mapping
from functools import cache
from importlib import resources
from typing import Any, Final

from geo.errors import OutputError
from geo.publish.vendored import asset

__all__ = ["LANGUAGE", "languages_of", "missing", "texts"]

LANGUAGE: Final = "en"
"""The language that every key exists in."""

_FORMS: Final = frozenset({"zero", "one", "two", "few", "many", "other"})

Text = str | dict[str, str]


@cache
def texts(language: str) -> Mapping[str, Text]:
    """Every text of a language by its key; a text with plural forms is a table of them.

    Parameters
    ----------
    language : str
        Name of a file in ``assets/texts``, such as ``"en"``.

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
    try:
        return dict(_flat(tomllib.loads(asset(f"texts/{language}.toml")), ""))
    except tomllib.TOMLDecodeError as error:
        raise OutputError(f"texts/{language}.toml is not valid TOML ({error}): mend it") from None


def _flat(table: Mapping[str, Any], before: str) -> Iterable[tuple[str, Text]]:
    for key, value in table.items():
        if isinstance(value, dict) and not ("other" in value and _FORMS.issuperset(value)):
            yield from _flat(value, f"{before}{key}.")
        else:
            yield before + key, value


def languages_of(asked: Iterable[str]) -> tuple[str, ...]:
    """The asked languages that there are texts for, in their order; English if there is none.

    Examples
    --------
    >>> languages_of(["en", "tlh"])
    ('en',)
    """
    folder = resources.files("geo.publish").joinpath("assets", "texts")
    found = [code for code in dict.fromkeys(asked) if folder.joinpath(f"{code}.toml").is_file()]
    return tuple(found) or (LANGUAGE,)


def missing(language: str) -> tuple[str, ...]:
    """Keys that a language lacks, sorted.

    Examples
    --------
    >>> missing("en")
    ()
    """
    return tuple(sorted(set(texts(LANGUAGE)) - set(texts(language))))
