"""Text from layers on its way into a page: as JSON that no parser can leave, or as HTML.

Names and notes in layers are untrusted. They never pass through a template; they enter a
page as JSON inside ``<script type="application/json">``, or escaped inside ``<noscript>``.
"""

import html
import json
import math
import re
from typing import Final

import pandas as pd

from geo.errors import DataError

__all__ = ["as_html", "as_json", "known", "number", "plain"]

_CONTROL: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")
_STRING: Final = re.compile(r'"(?:[^"\\]|\\.)*"')
_RISKY: Final = re.compile(r"\\.|[<>&'`${}%#\u2028\u2029\u202a-\u202e\u2066-\u2069]")
_ESCAPES: Final = {
    "\\\\": "\\u005c",
    '\\"': "\\u0022",
    "\\/": "/",
    "\\b": "\\u0008",
    "\\f": "\\u000c",
    "\\n": "\\u000a",
    "\\r": "\\u000d",
    "\\t": "\\u0009",
    "\\u": "\\u",
}


def plain(value: object) -> str:
    """Text of a value; missing is empty, characters that HTML cannot hold become U+FFFD.

    Examples
    --------
    >>> plain(None), plain(float("nan")), plain(7), len(plain("a" + chr(0) + "b"))
    ('', '', '7', 3)
    """
    if value is None or value is pd.NA or value != value:
        return ""
    return _CONTROL.sub("\ufffd", str(value))


def number(value: object, digits: int = 7) -> float | int | None:
    """A number with so many significant digits; None when missing or no number.

    Examples
    --------
    >>> number(96.23841234, 4), number(float("nan")), number("x"), number(3.0)
    (96.24, None, None, 3)
    """
    try:
        real = float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return None
    if not math.isfinite(real):
        return None
    short = float(f"{real:.{digits}g}")
    return int(short) if short.is_integer() and abs(short) < 1e15 else short


def known(value: object) -> float | int | None:
    """A number with the digits that are known: two below 100, three above.

    Examples
    --------
    >>> known(96.2384), known(1234.5), known(None)
    (96, 1230, None)
    """
    found = number(value)
    return number(value, 3 if found is not None and abs(found) >= 100 else 2)


def as_html(value: object) -> str:
    """Escape text for HTML; each piece of text should stand in its own ``<bdi>``.

    Examples
    --------
    >>> as_html("<b> & {{7*7}}")
    '&lt;b&gt; &amp; {{7*7}}'
    """
    return html.escape(plain(value), quote=True)


def as_json(data: object) -> str:
    r"""JSON that is safe inside ``<script>`` and for any template engine.

    Inside strings ``< > & ' \ ` $ { } % #``, U+2028, U+2029 and the bidirectional controls
    are written as ``\uXXXX``.

    Parameters
    ----------
    data : object
        Mappings, lists, text, finite numbers, booleans and None.

    Returns
    -------
    str
        One line.

    Raises
    ------
    DataError
        If a number is not finite or a value has no JSON form.

    Examples
    --------
    >>> as_json({"a": "</script>"})
    '{"a":"\\u003c/script\\u003e"}'
    """
    try:
        text = json.dumps(data, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    except (TypeError, ValueError) as error:
        raise DataError(f"the page's data has no JSON form ({error}): give plain values") from error
    return _STRING.sub(lambda found: _RISKY.sub(_escape, found.group()), text)


def _escape(found: re.Match[str]) -> str:
    token = found.group()
    return _ESCAPES.get(token) or f"\\u{ord(token):04x}"
