"""Checking the header of a FlatGeobuf before GDAL believes it.

The header is a FlatBuffers table (https://flatgeobuf.org, ``header.fbs``); only its size and
the stated count of features are needed here.
"""

import struct
from pathlib import Path

from geo.catalogue.findings import refuse

__all__ = ["stated_count"]

_LARGEST_HEADER = 10_000_000
_COUNT_FIELD = 8
_SMALLEST_FEATURE = 12


def stated_count(path: Path) -> int:
    """Count of features that the header states, after bounding it.

    Parameters
    ----------
    path : Path

    Returns
    -------
    int
        0 when the header does not say.

    Raises
    ------
    LayerError
        If the header is damaged, larger than the file, or states more features than the file
        could hold.
    """
    size = path.stat().st_size
    with path.open("rb") as stream:
        mark = stream.read(12)
        if len(mark) < 12 or mark[:3] != b"fgb" or mark[4:7] != b"fgb":
            raise refuse(path, "content-wrong", "is no FlatGeobuf", "restore it")
        length = struct.unpack("<I", mark[8:])[0]
        if not 8 <= length <= min(_LARGEST_HEADER, size - 12):
            what = f"its header claims {length:,} bytes of a file of {size:,}"
            raise refuse(path, "header-broken", what, "restore it")
        header = stream.read(length)
    try:
        count = _field(header, _COUNT_FIELD)
    except (struct.error, IndexError):
        raise refuse(path, "header-broken", "its header is damaged", "restore it") from None
    if count * _SMALLEST_FEATURE > size:
        what = f"its header claims {count:,} features in {size:,} bytes: it is cut off or damaged"
        raise refuse(path, "file-truncated", what, "restore it")
    return count


def _field(header: bytes, number: int) -> int:
    table = struct.unpack_from("<I", header, 0)[0]
    offsets = table - struct.unpack_from("<i", header, table)[0]
    size = struct.unpack_from("<H", header, offsets)[0]
    at = 4 + 2 * number
    if at >= size:
        return 0
    place = struct.unpack_from("<H", header, offsets + at)[0]
    return int(struct.unpack_from("<Q", header, table + place)[0]) if place else 0
