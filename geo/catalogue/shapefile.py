"""Checking the parts of a Shapefile before GDAL reads them together.

A Shapefile is several files that must agree: shapes, their index, attributes, encoding and
reference system (ESRI Shapefile Technical Description, 1998). GDAL fills what is missing and
reads on past what is broken; here the first is said and the second refused.
"""

import shutil
import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from geo.catalogue.encodings import codec_of, guess, language_driver
from geo.catalogue.findings import note, refuse

__all__ = ["PARTS", "Shapefile", "look"]

PARTS = (".shp", ".shx", ".dbf", ".prj", ".cpg")
"""Endings of the files that belong together and are read."""

_MULTIPATCH = 31
_SHAPES = {0, 1, 3, 5, 8, 11, 13, 15, 18, 21, 23, 25, 28, _MULTIPATCH}
# Attributes are looked through this far for their encoding and overflows.
_LOOKED = 64_000_000

_WIDE = 18

_Bytes = npt.NDArray[np.uint8]


@dataclass(frozen=True)
class Shapefile:
    """A checked Shapefile: the file to open (a copy where its index had to be made) and how."""

    path: Path
    encoding: str
    multipatch: bool
    count: int


def look(path: Path, scratch: Callable[[], Path], encoding: str | None) -> Shapefile:
    """Check the parts of a Shapefile.

    Parameters
    ----------
    path : Path
        The ``.shp``.
    scratch : callable
        Gives an empty folder that may be written to, where a missing part is made beside copies
        of the others.
    encoding : str, optional
        Encoding of the attributes, where a record states it.

    Returns
    -------
    Shapefile

    Raises
    ------
    LayerError
        If a part is cut off or damaged, the parts disagree, or the attributes are not in the
        encoding that is stated.
    """
    shape_type = _header(path, path.stat().st_size, path)
    parts = {ending: _part(path, ending) for ending in PARTS}
    index = parts[".shx"]
    if index is None:
        offsets = _walked(path)
        what = f"has no .shx: the index of its {len(offsets)} shapes was made anew"
        fix = "keep all parts of a Shapefile together"
        note(path, "repair", "index-missing", what, fix, count=len(offsets))
        opened = _copied(parts, scratch())
        opened.with_suffix(".shx").write_bytes(_index(path, offsets))
        count = len(offsets)
    else:
        opened, count = path, _indexed(path, index)
    table = parts[".dbf"]
    if table is None:
        what = "has no .dbf: its attributes are missing"
        note(path, "warning", "attributes-missing", what, "keep all parts of a Shapefile together")
        return Shapefile(opened, "utf-8", shape_type == _MULTIPATCH, count)
    found, short = _attributes(path, table, parts[".cpg"], count, encoding)
    if short:
        what = f"{short} of {count} shapes have no row of attributes: read as unknown"
        note(path, "warning", "attributes-missing", what, "restore its .dbf", count=short)
        if opened == path:
            opened = _copied(parts, scratch())
        _lengthen(opened.with_suffix(".dbf"), count)
    return Shapefile(opened, found, shape_type == _MULTIPATCH, count)


def _part(path: Path, ending: str) -> Path | None:
    for candidate in (path.with_suffix(ending), path.with_suffix(ending.upper())):
        if candidate.is_file():
            return candidate
    return None


def _header(file: Path, size: int, path: Path) -> int:
    with file.open("rb") as stream:
        head = stream.read(100)
    if len(head) < 100:
        raise refuse(path, "file-truncated", f"its {file.suffix} is cut off", "restore it")
    magic, words = struct.unpack(">i20xi", head[:28])
    version, shape_type = struct.unpack("<ii", head[28:36])
    if magic != 9994 or version != 1000 or shape_type not in _SHAPES:
        what = f"the header of its {file.suffix} is not that of a Shapefile"
        raise refuse(path, "content-wrong", what, "restore it")
    if words * 2 != size:
        what = (
            f"its {file.suffix} has {size:,} bytes, its header says {words * 2:,}: "
            "it is cut off or damaged"
        )
        raise refuse(path, "file-truncated", what, "restore it")
    return int(shape_type)


def _indexed(path: Path, index: Path) -> int:
    size = index.stat().st_size
    _header(index, size, path)
    entries = np.fromfile(index, dtype=">i4", offset=100).reshape(-1, 2).astype(np.int64) * 2
    ends = entries[:, 0] + entries[:, 1] + 8
    if (entries < 0).any() or (len(ends) and ends.max() > path.stat().st_size):
        what = "its .shx points past the end of its .shp"
        raise refuse(path, "index-broken", what, "restore both, or take the .shx away")
    return len(entries)


def _walked(path: Path) -> list[tuple[int, int]]:
    found: list[tuple[int, int]] = []
    size = path.stat().st_size
    with path.open("rb") as stream:
        at = 100
        while at < size:
            stream.seek(at)
            head = stream.read(8)
            length = struct.unpack(">i", head[4:])[0] * 2 if len(head) == 8 else -1
            if length < 4 or at + 8 + length > size:
                what = f"record {len(found) + 1} of its .shp is cut off or damaged"
                raise refuse(path, "file-truncated", what, "restore it")
            found.append((at // 2, length // 2))
            at += 8 + length
    return found


def _index(path: Path, offsets: Sequence[tuple[int, int]]) -> bytes:
    with path.open("rb") as stream:
        head = bytearray(stream.read(100))
    head[24:28] = struct.pack(">i", (100 + 8 * len(offsets)) // 2)
    return bytes(head) + np.array(offsets, dtype=">i4").tobytes()


def _copied(parts: dict[str, Path | None], scratch: Path) -> Path:
    opened = scratch / f"shapes{PARTS[0]}"
    for ending, part in parts.items():
        if part is not None:
            shutil.copyfile(part, opened.with_suffix(ending))
    return opened


@dataclass(frozen=True)
class _Field:
    name: str
    kind: str
    at: int
    width: int


def _lengthen(table: Path, count: int) -> None:
    """Give every shape a row of attributes, the missing ones blank."""
    data = bytearray(table.read_bytes())
    rows, start, length = struct.unpack("<IHH", data[4:12])
    data[4:8] = struct.pack("<I", count)
    whole = bytes(data[: start + rows * length]) + b" " * (length * (count - rows))
    table.write_bytes(whole + b"\x1a")


def _attributes(
    path: Path, table: Path, page: Path | None, count: int, encoding: str | None
) -> tuple[str, int]:
    """Encoding of the attributes, and how many shapes have none."""
    with table.open("rb") as stream:
        head = stream.read(32)
        if len(head) < 32:
            raise refuse(path, "file-truncated", "its .dbf is cut off", "restore it")
        rows, start, length = struct.unpack("<IHH", head[4:12])
        described = stream.read(max(start - 32, 0))
    size = table.stat().st_size
    if size < start + rows * length:
        what = f"its .dbf has {size:,} bytes, its header says {start + rows * length:,}"
        raise refuse(path, "file-truncated", f"{what}: it is cut off", "restore it")
    if rows > count:
        what = f"has {count:,} shapes and {rows:,} rows of attributes"
        raise refuse(path, "parts-disagree", what, "restore both parts")
    fields = _fields(described)
    looked = min(rows, max(_LOOKED // max(length, 1), 1))
    if not looked or not fields:
        return "utf-8", count - rows
    cells: _Bytes = np.memmap(table, np.uint8, "r", start, (looked, length))
    _tell_deleted(path, cells)
    _tell_overflows(path, cells, fields)
    texts = _texts(cells, fields)
    found = _encoding(path, texts, _stated(path, page, head[29], encoding))
    return found, count - rows


def _fields(described: bytes) -> list[_Field]:
    found, at = [], 1
    for i in range(0, len(described) - 31, 32):
        if described[i] == 0x0D:
            break
        name = described[i : i + 11].split(b"\x00")[0].decode("latin-1")
        width = described[i + 16]
        found.append(_Field(name, chr(described[i + 11]), at, width))
        at += width
    return found


def _tell_deleted(path: Path, cells: _Bytes) -> None:
    deleted = int((cells[:, 0] == ord("*")).sum())
    if deleted:
        what = f"{deleted} rows are marked as deleted: left out"
        note(path, "warning", "row-deleted", what, "pack the table", count=deleted)


def _tell_overflows(path: Path, cells: _Bytes, fields: Sequence[_Field]) -> None:
    for one in fields:
        # GDAL writes stars for null as well, and its own wide columns never overflow.
        if one.kind in "NF" and 0 < one.width < _WIDE:
            stars = int((cells[:, one.at] == ord("*")).sum())
            if stars:
                what = (
                    f"{stars} numbers of column {one.name!r} are stars (null, or wider than "
                    f"its {one.width} signs): read as unknown"
                )
                note(path, "warning", "number-overflow", what, "widen the column", count=stars)


def _texts(cells: _Bytes, fields: Sequence[_Field]) -> list[tuple[_Field, list[bytes]]]:
    found = []
    for one in fields:
        if one.kind == "C" and one.width:
            block = cells[:, one.at : one.at + one.width]
            odd = np.ascontiguousarray(block[(block > 127).any(axis=1)])
            found.append((one, [bytes(row).rstrip(b" \x00") for row in odd]))
    return found


def _stated(path: Path, page: Path | None, driver: int, encoding: str | None) -> str | None:
    if encoding is not None:
        return codec_of(encoding)
    if page is not None:
        said = page.read_bytes()[:64].decode("ascii", "replace")
        if found := codec_of(said):
            return found
        what = f"its .cpg names the unknown encoding {said.strip()!r}"
        note(path, "warning", "encoding-unknown", what, "write one such as UTF-8 into it")
    return language_driver(driver)


def _encoding(path: Path, texts: Sequence[tuple[_Field, list[bytes]]], stated: str | None) -> str:
    every = [text for _, column in texts for text in column]
    if not every:
        return stated or "utf-8"
    if stated is None:
        found = guess(every)
        what = (
            f"states no encoding and {len(every)} values are not plain ASCII: "
            f"read as {found.upper()}, which they look like"
        )
        fix = "write the encoding into a .cpg file, or into the record"
        note(path, "warning", "encoding-guessed", what, fix, count=len(every))
        _tell_cuts(path, texts, found)
        return found
    broken = [text for one, column in texts for text in column if _wrong(text, one, stated)]
    if broken:
        what = (
            f"says that its attributes are {stated.upper()}, {len(broken)} values are not: "
            f"they look like {guess(broken).upper()}"
        )
        raise refuse(path, "encoding-wrong", what, "correct the .cpg file")
    _tell_cuts(path, texts, stated)
    return stated


def _wrong(text: bytes, one: _Field, encoding: str) -> bool:
    try:
        text.decode(encoding)
    except UnicodeDecodeError as error:
        # A sign that the column's end cut in two is a cut, not another encoding.
        return not (len(text) == one.width and error.start >= one.width - 3)
    return False


def _tell_cuts(path: Path, texts: Sequence[tuple[_Field, list[bytes]]], encoding: str) -> None:
    for one, column in texts:
        full = [text for text in column if len(text) == one.width and _wide(encoding)]
        if full:
            what = (
                f"{len(full)} values fill the {one.width} bytes of column {one.name!r} "
                "and may have been cut there"
            )
            note(path, "warning", "text-cut", what, "widen the column", count=len(full))


def _wide(encoding: str) -> bool:
    return encoding in ("utf-8", "cp932", "cp936", "cp949", "cp950")
