"""Texts in attributes that are garbled or that mislead the eye."""

import re
from pathlib import Path

import pandas as pd

from geo.catalogue.encodings import MOJIBAKE
from geo.catalogue.findings import note

__all__ = ["tell_texts"]

_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_BIDI = re.compile("[\u202a-\u202e\u2066-\u2069\u200e\u200f]")
_GARBLED = re.compile(MOJIBAKE)


def tell_texts(path: Path, frame: pd.DataFrame) -> None:
    """Tell of control signs, reordering signs and texts that were read in a wrong encoding.

    Parameters
    ----------
    path : Path
        For messages.
    frame : DataFrame
    """
    texts = [
        (str(name), str(cell))
        for name in frame.columns
        if name != "geometry" and not pd.api.types.is_numeric_dtype(frame[name])
        for cell in frame[name]
        if isinstance(cell, str)
    ]
    for pattern, code, what, fix in (
        (_CONTROL, "text-control", "hold control signs (such as NUL)", "take them out"),
        (_BIDI, "text-bidi", "hold signs that reorder text", "take them out: they can mislead"),
        (_GARBLED, "text-garbled", "look like text read in a wrong encoding", "export it anew"),
    ):
        found = [(name, cell) for name, cell in texts if pattern.search(cell)]
        if found:
            name, cell = found[0]
            said = f"{len(found)} cells (first in column {name!r}: {cell[:30]!a}) {what}"
            note(path, "warning", code, said, fix, count=len(found))
