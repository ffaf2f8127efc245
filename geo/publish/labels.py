"""A study's own words (themes, places, countries) in the languages of its outputs."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final

import pandas as pd

from geo.errors import DataError
from geo.publish.safetext import plain

__all__ = ["labels_of", "labels_used", "translator"]

Labels = Mapping[str, Mapping[str, str]]

_ENGLISH: Final = "en"


def labels_of(table: pd.DataFrame, languages: Iterable[str]) -> dict[str, dict[str, str]]:
    """Words by language, from a table with one column a language.

    Parameters
    ----------
    table : DataFrame
        Column ``en`` holds the words as the study has them, every other column with the code of
        a language what they are there; an empty cell is not translated.
    languages : iterable of str
        Codes that are wanted; one without a column has no words.

    Returns
    -------
    dict of str to dict
        By language, each word by the English one.

    Raises
    ------
    DataError
        If there is no column ``en``, or an English word stands twice (capitals do not count).

    Examples
    --------
    >>> labels_of(pd.DataFrame({"en": ["Copper", "Tin"], "ko": ["구리", None]}), ["en", "ko"])
    {'ko': {'Copper': '구리'}}
    """
    if _ENGLISH not in table:
        raise DataError(
            f"the table of labels has no column {_ENGLISH!r}: it holds the words as the study "
            "has them"
        )
    english = table[_ENGLISH].map(plain)
    keys = english.str.casefold()
    twice = english[keys.duplicated() & (keys != "")]
    if len(twice):
        raise DataError(
            f"the table of labels has {twice.iloc[0]!r} twice (capitals do not count): keep one row"
        )
    found: dict[str, dict[str, str]] = {}
    for language in languages:
        if language != _ENGLISH and language in table:
            own = zip(english, table[language].map(plain), strict=True)
            found[language] = {word: said for word, said in own if word and said}
    return found


def translator(labels: Mapping[str, str]) -> Callable[[str], str]:
    """What turns a study's word into a language's; a word that is not known stays.

    Examples
    --------
    >>> said = translator({"Copper": "구리"})
    >>> said("copper"), said("Gold")
    ('구리', 'Gold')
    """
    known = {word.casefold(): own for word, own in labels.items()}
    return lambda text: known.get(text.casefold(), text)


def labels_used(
    labels: Labels, languages: Sequence[str], data: object
) -> dict[str, dict[str, str]]:
    """The labels that plain data has a use for, spelt as the data spell them.

    A text with a remark in brackets at its end counts without the remark too, one with a colon
    also as what stands before it.

    Examples
    --------
    >>> labels_used({"ko": {"Busan": "부산", "Tin": "주석"}}, ["ko"], [{"to": "BUSAN (new port)"}])
    {'ko': {'BUSAN': '부산'}}
    """
    longest = max((len(word) for own in labels.values() for word in own), default=0)
    there = set()
    for text in _texts(data):
        for form in (text, text.split(" (")[0], text.split(":")[0]):
            if len(form) <= longest:
                there.add(form)
    found = {}
    for language in languages:
        said = translator(labels.get(language, {}))
        own = {form: said(form) for form in sorted(there) if said(form) != form}
        if own:
            found[language] = own
    return found


def _texts(data: object) -> Iterable[str]:
    if isinstance(data, str):
        yield data
    elif isinstance(data, Mapping):
        for value in data.values():
            yield from _texts(value)
    elif isinstance(data, list | tuple):
        for value in data:
            yield from _texts(value)
