"""Text and bytes made short for the page: deflated, in base 64.

The page's own decoder is ``assets/inflate.js``: a browser's built-in one is asynchronous, and
older browsers have none.
"""

import base64
import zlib

__all__ = ["packed", "unpacked"]


def packed(raw: str | bytes) -> str:
    """Write text or bytes in as few safe letters as deflate can.

    Parameters
    ----------
    raw : str or bytes
        Text is written as UTF-8.

    Returns
    -------
    str
        Base 64 of a raw deflate stream (RFC 1951), which no parser or template can take for
        anything else.

    Examples
    --------
    >>> unpacked(packed("</script>" * 9)).decode() == "</script>" * 9
    True
    """
    maker = zlib.compressobj(9, zlib.DEFLATED, -15, 9)
    body = maker.compress(raw.encode("utf-8") if isinstance(raw, str) else raw) + maker.flush()
    return base64.b64encode(body).decode("ascii")


def unpacked(text: str) -> bytes:
    """Read what `packed` wrote.

    Examples
    --------
    >>> unpacked(packed(b"12"))
    b'12'
    """
    return zlib.decompress(base64.b64decode(text), -15)
