"""Spoilt copies of good files: the same seed and number give the same bytes."""

import random
import re
from collections.abc import Callable, Sequence

_NUMBERS = (
    b"0", b"-1", b"1e400", b"-1e400", b"nan", b"NaN", b"inf", b"1e-400", b"99999999999999999999",
    b"-0.0", b"0x10", b"1,5", b"180.0001", b"1_000", b"\xd9\xa3",
)  # fmt: skip
_TEXTS = (
    b"", b"null", b"true", b"[]", b"{}", b'""', b"../../x", b"/etc/passwd",
    b"/vsicurl/http://127.0.0.1/x", b"https://127.0.0.1/x.tif", b"\x00", b"\xff\xfe",
    b"\xef\xbb\xbf", b"\xe2\x80\xae", b"=1+1", b"'; DROP TABLE x; --", b'"', b"\\", b"\r\n",
    b"<!DOCTYPE x [<!ENTITY y SYSTEM 'file:///etc/passwd'>]>", b"%s%n", b"{0}", b"[[[[[[[[",
)  # fmt: skip
_WORDS = (0, 1, 2, 0x7F, 0x80, 0xFF, 0x7FFF, 0x8000, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF)

Change = Callable[[random.Random, bytearray, Sequence[bytes]], None]


def mutated(seeds: Sequence[bytes], tokens: Sequence[bytes], key: str) -> bytes:
    """Copy one seed and spoil it in one to six ways."""
    dice = random.Random(key)
    data = bytearray(dice.choice(seeds))
    for _ in range(dice.choice((1, 1, 1, 2, 2, 3, 6))):
        change = dice.choice(_CHANGES)
        change(dice, data, seeds if change is _splice else tokens)
    return bytes(data[:4_000_000])


def _at(dice: random.Random, data: bytearray) -> int:
    # Headers decide more than bodies do.
    end = min(len(data), 200) if dice.random() < 0.4 else len(data)
    return dice.randrange(end + 1)


def _bit(dice: random.Random, data: bytearray, _: Sequence[bytes]) -> None:
    if data:
        data[_at(dice, data) % len(data)] ^= 1 << dice.randrange(8)


def _bytes(dice: random.Random, data: bytearray, _: Sequence[bytes]) -> None:
    at = _at(dice, data)
    data[at : at + dice.randrange(9)] = dice.randbytes(dice.randrange(9))


def _word(dice: random.Random, data: bytearray, _: Sequence[bytes]) -> None:
    at, size = _at(dice, data), dice.choice((1, 2, 4, 8))
    value = dice.choice(_WORDS) % (1 << 8 * size)
    data[at : at + size] = value.to_bytes(size, dice.choice(("little", "big")))


def _cut(dice: random.Random, data: bytearray, _: Sequence[bytes]) -> None:
    at = _at(dice, data)
    del data[at : at + dice.choice((1, 4, 64, 4096, len(data)))]


def _repeat(dice: random.Random, data: bytearray, _: Sequence[bytes]) -> None:
    at, size = _at(dice, data), dice.choice((1, 8, 64, 1024))
    data[at:at] = data[at : at + size] * dice.choice((1, 2, 50))


def _token(dice: random.Random, data: bytearray, tokens: Sequence[bytes]) -> None:
    at = _at(dice, data)
    said = dice.choice((*tokens, *_TEXTS))
    data[at : at + dice.choice((0, len(said)))] = said


def _number(dice: random.Random, data: bytearray, _: Sequence[bytes]) -> None:
    found = list(re.finditer(rb"-?\d+(\.\d+)?", bytes(data[:20_000])))
    if found:
        one = dice.choice(found)
        data[one.start() : one.end()] = dice.choice(_NUMBERS)


def _text(dice: random.Random, data: bytearray, tokens: Sequence[bytes]) -> None:
    found = list(re.finditer(rb'"[^"\n]{0,80}"', bytes(data[:20_000])))
    if found:
        one = dice.choice(found)
        data[one.start() + 1 : one.end() - 1] = dice.choice((*tokens, *_TEXTS))


def _splice(dice: random.Random, data: bytearray, seeds: Sequence[bytes]) -> None:
    other = dice.choice(seeds)
    data[_at(dice, data) :] = other[dice.randrange(len(other) + 1) :]


_CHANGES: Sequence[Change] = (
    _bit, _bit, _bytes, _word, _word, _cut, _repeat, _token, _number, _number, _text, _splice,
)  # fmt: skip
