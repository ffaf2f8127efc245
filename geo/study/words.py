"""A study's own words in its other languages: from its table of labels and from the recipe."""

from collections.abc import Callable, Mapping

import pandas as pd

from geo.errors import DataError, LayerError
from geo.publish.labels import labels_of, translator
from geo.recipe.schema import Recipe

__all__ = ["untranslated", "words_of"]


def words_of(
    recipe: Recipe, table: Callable[[str], pd.DataFrame]
) -> Mapping[str, Mapping[str, str]]:
    """Words by language; those of the recipe itself go before those of its table.

    Parameters
    ----------
    recipe : Recipe
    table : callable
        Reads a layer that is a table.

    Raises
    ------
    LayerError
        If the table of labels cannot be used.
    """
    found: dict[str, dict[str, str]] = {}
    if recipe.labels is not None:
        try:
            found = labels_of(table(recipe.labels), recipe.languages)
        except DataError as error:
            raise LayerError(f"layer {recipe.labels!r}: {error}") from None
    for language, words in recipe.words.items():
        own = {word.casefold() for word in words}
        kept = {w: said for w, said in found.get(language, {}).items() if w.casefold() not in own}
        found[language] = {**kept, **words}
    return found


def untranslated(
    recipe: Recipe, table: Callable[[str], pd.DataFrame], language: str
) -> tuple[str, ...]:
    """Titles of the recipe that a language has no word for, in the recipe's order."""
    said = translator(words_of(recipe, table).get(language, {}))
    return tuple(title for title in recipe.titles() if said(title) == title)
