"""Which encoding a text of unknown encoding is in.

Only what can be told apart is told: UTF-8 by its form, Cyrillic CP1251 and Western CP1252 by
the letters that stand together. The answer is offered or used with a warning, never silently.
"""

import codecs
import re
from collections.abc import Sequence

__all__ = ["MOJIBAKE", "codec_of", "guess", "language_driver"]

_CYRILLIC = re.compile(rb"[\xa8\xaa\xaf\xb3\xb8\xba\xbf\xc0-\xff]{2,}")
_MIXED = re.compile(rb"[A-Za-z][\xc0-\xff]|[\xc0-\xff][A-Za-z]")

MOJIBAKE = "[\u00c3\u00d0\u00d1\u04a2][\u0080-\u00bf]|\ufffd"
"""Pattern of UTF-8 that was read as another encoding, or of signs that were lost."""

# Language drivers of DBF files that name a code page (ESRI and dBASE).
_DRIVERS = {
    0x01: "cp437", 0x02: "cp850", 0x03: "cp1252", 0x26: "cp866", 0x65: "cp866", 0x4D: "cp936",
    0x4E: "cp949", 0x4F: "cp950", 0x13: "cp932", 0x7B: "cp932", 0x7A: "cp936", 0x79: "cp949",
    0x78: "cp950", 0x58: "cp1252", 0x59: "cp1252", 0xC8: "cp1250", 0xC9: "cp1251",
    0xCA: "cp1254", 0xCB: "cp1253",
}  # fmt: skip
_ANSI = 0x57


def codec_of(name: str) -> str | None:
    """Python's name of an encoding, as a ``.cpg`` file or a record writes it.

    Examples
    --------
    >>> codec_of("1251"), codec_of("UTF-8"), codec_of("ANSI 1252"), codec_of("klingon")
    ('cp1251', 'utf-8', 'cp1252', None)
    """
    said = name.strip().lower()
    digits = re.fullmatch(r"(?:ansi|windows|cp|oem)?[ _-]?(\d{3,5})", said)
    if digits:
        number = digits[1]
        said = {"65001": "utf-8", "88591": "latin-1"}.get(number, f"cp{number}")
    try:
        return codecs.lookup(said).name
    except (LookupError, ValueError):
        return None


def language_driver(byte: int) -> str | None:
    """Encoding that the header of a DBF names; None when it names none.

    The byte 0x57 says "the system's own" and so names nothing.
    """
    return None if byte == _ANSI else _DRIVERS.get(byte)


def guess(texts: Sequence[bytes]) -> str:
    """Likeliest encoding of some texts that are no plain ASCII.

    Examples
    --------
    >>> guess(["Улаанбаатар".encode("cp1251")]), guess(["Ñandú".encode("latin-1")])
    ('cp1251', 'cp1252')
    >>> guess(["Өлгий".encode()])
    'utf-8'
    """
    joined = b" ".join(texts)
    try:
        joined.decode("utf-8")
    except UnicodeDecodeError:
        runs = sum(len(run) for run in _CYRILLIC.findall(joined))
        return "cp1251" if runs > 2 * len(_MIXED.findall(joined)) else "cp1252"
    return "utf-8"
