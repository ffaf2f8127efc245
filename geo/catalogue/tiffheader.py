"""Reading the header of a TIFF file with every number bounded, before GDAL sees the file.

A header says where everything lies and how large it is; whoever made the file may lie. Here each
offset must lie in the file, each list must be as long as it says, directories may not form a
loop, and what the blocks would grow to must bear some relation to the bytes that are there.
"""

import math
import struct
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from geo.catalogue.findings import refuse

__all__ = ["Directory", "TiffHeader", "corrupt_blocks", "read_header"]

MOST_GROWTH = 1100
"""Largest sensible ratio of decoded to stored bytes: deflate reaches 1,032."""
SMALL = 256_000_000
"""Decoded size below which the ratio does not matter [bytes]."""

_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4, 16: 8,
          17: 8, 18: 8}  # fmt: skip
_CODES = {1: "B", 3: "H", 4: "I", 6: "b", 8: "h", 9: "i", 11: "f", 12: "d", 13: "I", 16: "Q",
          17: "q", 18: "Q"}  # fmt: skip
_WHOLE = (1, 3, 4, 13, 16, 18)
_MOST_DIRECTORIES = 1_000
_MOST_ENTRIES = 4_096
_MOST_VALUES = 50_000_000
_WIDTH, _LENGTH, _BITS, _COMPRESSION, _PHOTOMETRIC = 256, 257, 258, 259, 262
_STRIP_OFFSETS, _SAMPLES, _ROWS_PER_STRIP, _STRIP_COUNTS, _PLANAR = 273, 277, 278, 279, 284
_TILE_WIDTH, _TILE_LENGTH, _TILE_OFFSETS, _TILE_COUNTS = 322, 323, 324, 325
_SUBFILE, _PIXEL_SCALE, _TIEPOINT, _TRANSFORMATION, _GEOKEYS = 254, 33550, 33922, 34264, 34735
_NODATA, _COLOUR_MAP = 42113, 320
# Each must be one whole number where it is present.
_SINGLE = {
    _WIDTH: "ImageWidth", _LENGTH: "ImageLength", _COMPRESSION: "Compression",
    _PHOTOMETRIC: "PhotometricInterpretation", _SAMPLES: "SamplesPerPixel",
    _ROWS_PER_STRIP: "RowsPerStrip", _PLANAR: "PlanarConfiguration",
    _TILE_WIDTH: "TileWidth", _TILE_LENGTH: "TileLength",
}  # fmt: skip
_DEFLATE = (8, 32946)
_RESTORE = "restore the file from its source"


@dataclass(frozen=True)
class Directory:
    """One image of a TIFF file: its size, the form of its blocks and the rarer tags.

    `offsets` and `counts` hold the place and the stored size of each block [bytes]; zero is a
    block that was never written. `nodata` is the text of GDAL's tag.
    """

    width: int
    height: int
    samples: int
    bits: int
    compression: int
    palette: bool
    subfile: int
    block: tuple[int, int]
    offsets: tuple[int, ...]
    counts: tuple[int, ...]
    nodata: str | None
    georeferenced: bool

    @property
    def decoded(self) -> int:
        """Size of all samples once decoded [bytes]."""
        return self.width * self.height * self.samples * self.bits // 8


@dataclass(frozen=True)
class TiffHeader:
    """The images of a TIFF file: the first is the layer, others may be overviews or masks."""

    big: bool
    directories: tuple[Directory, ...]

    @property
    def pages(self) -> int:
        """Count of full images: neither an overview nor a mask."""
        return sum(1 for one in self.directories if not one.subfile & 5)


def read_header(path: Path) -> TiffHeader:
    """Read the directories of a TIFF or BigTIFF file and refuse what cannot be true.

    Parameters
    ----------
    path : Path

    Returns
    -------
    TiffHeader

    Raises
    ------
    LayerError
        With the code ``tiff-damaged``, ``tiff-loop``, ``truncated`` or ``bomb``.
    """
    with path.open("rb") as stream:
        reader = _Reader(path, stream)
        directories = tuple(_directory(reader, entries) for entries in reader.directories())
    return TiffHeader(reader.big, directories)


def corrupt_blocks(path: Path, header: TiffHeader, *, most: int = 256_000_000) -> int:
    """Count the deflated blocks of the first image whose checksum is wrong.

    GDAL stops decoding when a block is full and may never look at the checksum behind it.

    Parameters
    ----------
    path : Path
    header : TiffHeader
    most : int, optional
        Stored bytes to look at before stopping.

    Returns
    -------
    int
        0 for other compressions, which carry no checksum.
    """
    first = header.directories[0]
    if first.compression not in _DEFLATE:
        return 0
    wrong = 0
    largest = first.block[0] * first.block[1] * first.samples * max(first.bits, 8) // 8 + 1024
    with path.open("rb") as stream:
        for offset, count in zip(first.offsets, first.counts, strict=False):
            if count == 0:
                continue
            stream.seek(offset)
            wrong += not _inflates(stream.read(count), largest)
            most -= count
            if most < 0:
                break
    return wrong


def _inflates(stored: bytes, largest: int) -> bool:
    decoder = zlib.decompressobj()
    try:
        decoder.decompress(stored, largest)
    except zlib.error:
        return False
    return decoder.eof


@dataclass(frozen=True)
class _Entry:
    kind: int
    count: int
    raw: bytes


class _Reader:
    """Bounded access to the parts of a TIFF file."""

    def __init__(self, path: Path, stream: BinaryIO) -> None:
        self.path = path
        self._stream = stream
        self.size = path.stat().st_size
        head = stream.read(16)
        self.order = "<" if head[:2] == b"II" else ">"
        if head[:2] not in (b"II", b"MM") or len(head) < 8:
            raise refuse(path, "not-tiff", "is no TIFF file", "name it after what it is")
        version = self._number("H", head[2:4])
        if version not in (42, 43):
            raise refuse(path, "not-tiff", "is no TIFF file", "name it after what it is")
        self.big = version == 43
        if self.big and (len(head) < 16 or head[4:8] != struct.pack(self.order + "HH", 8, 0)):
            raise self.damaged("its BigTIFF header is not that of the standard")
        self._first = self._number("Q", head[8:16]) if self.big else self._number("I", head[4:8])

    def _number(self, code: str, raw: bytes) -> int:
        return int(struct.unpack(self.order + code, raw)[0])

    def damaged(self, what: str, code: str = "tiff-damaged") -> Exception:
        return refuse(self.path, code, f"is a damaged TIFF file: {what}", _RESTORE)

    def take(self, offset: int, count: int, what: str) -> bytes:
        if offset < 0 or count < 0 or offset + count > self.size:
            said = f"{what} lies at byte {offset:,}, the file ends at {self.size:,}"
            raise self.damaged(said, "truncated")
        self._stream.seek(offset)
        return self._stream.read(count)

    def directories(self) -> Iterator[Mapping[int, _Entry]]:
        """Entries of each directory in turn."""
        seen: set[int] = set()
        offset = self._first
        while offset:
            if offset in seen:
                raise self.damaged("its directories lead back to one another", "tiff-loop")
            if len(seen) == _MOST_DIRECTORIES:
                raise self.damaged(f"it has more than {_MOST_DIRECTORIES:,} directories")
            seen.add(offset)
            entries, offset = self._entries(offset)
            yield entries
        if not seen:
            raise self.damaged("it has no directory", "truncated")

    def _entries(self, offset: int) -> tuple[Mapping[int, _Entry], int]:
        wide, step, code = (8, 20, "Q") if self.big else (2, 12, "H")
        count = self._number(code, self.take(offset, wide, "a directory"))
        if not 0 < count <= _MOST_ENTRIES:
            raise self.damaged(f"a directory says that it has {count:,} entries")
        body = self.take(offset + wide, count * step, "the end of a directory")
        entries: dict[int, _Entry] = {}
        for at in range(0, count * step, step):
            tag, entry = self._entry(body[at : at + step])
            entries.setdefault(tag, entry)
        link = 8 if self.big else 4
        following = self.take(offset + wide + count * step, link, "the link behind a directory")
        return entries, self._number("Q" if self.big else "I", following)

    def _entry(self, raw: bytes) -> tuple[int, _Entry]:
        code, room = ("HHQ", 8) if self.big else ("HHI", 4)
        tag, kind, count = struct.unpack(self.order + code, raw[:-room])
        size = _SIZES.get(kind, 0) * count
        if size <= room:
            return tag, _Entry(kind, count, raw[len(raw) - room :][:size])
        if tag not in _NEEDED:
            return tag, _Entry(kind, count, b"")
        if count > _MOST_VALUES:
            raise self.damaged(f"tag {tag} says that it has {count:,} values")
        offset = self._number("Q" if self.big else "I", raw[-room:])
        return tag, _Entry(kind, count, self.take(offset, size, f"tag {tag}"))

    def whole(self, tag: int, entry: _Entry | None) -> tuple[int, ...]:
        """Numbers of an entry that must be whole; empty when it is missing."""
        if entry is None:
            return ()
        if entry.kind not in _WHOLE:
            raise self.damaged(f"tag {tag} has the type {entry.kind}, required are whole numbers")
        return struct.unpack(f"{self.order}{entry.count}{_CODES[entry.kind]}", entry.raw)

    def real(self, entry: _Entry | None) -> tuple[float, ...]:
        if entry is None:
            return ()
        if entry.kind != 12:
            raise self.damaged("its georeference is not written in double precision")
        return struct.unpack(f"{self.order}{entry.count}d", entry.raw)


_NEEDED = frozenset(
    {*_SINGLE, _BITS, _SUBFILE, _STRIP_OFFSETS, _STRIP_COUNTS, _TILE_OFFSETS, _TILE_COUNTS, 339,
     _PIXEL_SCALE, _TIEPOINT, _TRANSFORMATION, _GEOKEYS, _NODATA}
)  # fmt: skip


def _directory(reader: _Reader, entries: Mapping[int, _Entry]) -> Directory:
    single = {tag: _single(reader, tag, entries.get(tag)) for tag in _SINGLE}
    width, height = single[_WIDTH], single[_LENGTH]
    if not width or not height or max(width, height) > 2**31 - 1:
        raise reader.damaged(f"its size is {width or 0} x {height or 0}")
    samples, compression = single[_SAMPLES] or 1, single[_COMPRESSION] or 1
    if samples > 65_535:
        raise reader.damaged(f"it says that it has {samples} samples a cell")
    planes = samples if single[_PLANAR] == 2 else 1
    if single[_PLANAR] not in (None, 1, 2):
        raise reader.damaged(f"its PlanarConfiguration is {single[_PLANAR]}")
    block, offsets, counts = _blocks(reader, entries, single, (width, height), planes)
    subfile = reader.whole(_SUBFILE, entries.get(_SUBFILE))
    found = Directory(
        width=width,
        height=height,
        samples=samples,
        bits=_bits(reader, entries.get(_BITS), samples),
        compression=compression,
        palette=single[_PHOTOMETRIC] == 3 or _COLOUR_MAP in entries,
        subfile=subfile[0] if subfile else 0,
        block=block,
        offsets=offsets,
        counts=counts,
        nodata=_text(entries.get(_NODATA)),
        georeferenced=_georeferenced(reader, entries),
    )
    _require_room(reader, found, planes)
    return found


def _single(reader: _Reader, tag: int, entry: _Entry | None) -> int | None:
    if entry is None:
        return None
    values = reader.whole(tag, entry)
    if len(values) != 1:
        raise reader.damaged(f"{_SINGLE[tag]} has {len(values)} values, required is 1")
    if values[0] == 0:
        if tag == _PHOTOMETRIC:
            return 0
        raise reader.damaged(f"{_SINGLE[tag]} is 0")
    return values[0]


def _bits(reader: _Reader, entry: _Entry | None, samples: int) -> int:
    values = reader.whole(_BITS, entry) or (1,)
    if len(values) not in (1, samples) or len(set(values)) > 1:
        raise reader.damaged(f"BitsPerSample is {values[:8]} for {samples} samples")
    if not 0 < values[0] <= 128:
        raise reader.damaged(f"BitsPerSample is {values[0]}")
    return values[0]


def _blocks(
    reader: _Reader,
    entries: Mapping[int, _Entry],
    single: Mapping[int, int | None],
    size: tuple[int, int],
    planes: int,
) -> tuple[tuple[int, int], tuple[int, ...], tuple[int, ...]]:
    width, height = size
    if _TILE_OFFSETS in entries or single[_TILE_WIDTH]:
        across, down = single[_TILE_WIDTH] or 0, single[_TILE_LENGTH] or 0
        tags = _TILE_OFFSETS, _TILE_COUNTS
    else:
        across, down = width, min(single[_ROWS_PER_STRIP] or height, height)
        tags = _STRIP_OFFSETS, _STRIP_COUNTS
    if not across or not down or across > 2**31 or across * down > 2**40:
        raise reader.damaged(f"its blocks are {across} x {down} cells")
    due = math.ceil(width / across) * math.ceil(height / down) * planes
    if due > _MOST_VALUES:
        raise refuse(
            reader.path,
            "too-large",
            f"says that it has {width:,} x {height:,} cells in {due:,} blocks, at most "
            f"{_MOST_VALUES:,} blocks are read",
            "write it again in larger blocks, or restore it if that size is not true",
        )
    if (single[_COMPRESSION] or 1) != 1 and across * down > SMALL:
        raise refuse(
            reader.path,
            "too-large",
            f"is compressed in blocks of {across:,} x {down:,} cells",
            "write it again in tiles, for example with gdal_translate -co TILED=YES",
        )
    offsets = reader.whole(tags[0], entries.get(tags[0]))
    counts = reader.whole(tags[1], entries.get(tags[1]))
    if len(offsets) < due:
        said = f"it has {width} x {height} cells in {due:,} blocks and names {len(offsets):,}"
        raise reader.damaged(said, "truncated")
    if counts and len(counts) < due:
        raise reader.damaged(f"it names the sizes of {len(counts):,} blocks of {due:,}")
    return (across, down), offsets[:due], counts[:due]


def _require_room(reader: _Reader, found: Directory, planes: int) -> None:
    """Each block lies in the file, and all together can hold what they should decode to."""
    stored = 0
    per_block = found.samples // planes * found.bits
    least = (found.block[0] * per_block + 7) // 8 if found.compression == 1 else 1
    counts = found.counts or (least,) * len(found.offsets)
    for offset, count in zip(found.offsets, counts, strict=True):
        if bool(offset) != bool(count) and count:
            raise reader.damaged("a block lies at byte 0")
        if offset and not count:
            raise reader.damaged("a block has a place and no size", "truncated")
        if count and offset + count > reader.size:
            said = f"a block ends at byte {offset + count:,}, the file at {reader.size:,}"
            raise reader.damaged(said, "truncated")
        stored += count
    if found.compression == 1 and 0 < stored < _due(found, planes, counts):
        raise reader.damaged("its blocks are smaller than its cells need", "truncated")
    growth = found.decoded / max(reader.size, 1)
    if found.decoded > SMALL and growth > MOST_GROWTH:
        raise refuse(
            reader.path,
            "bomb",
            f"says that {reader.size:,} bytes hold {found.width:,} x {found.height:,} cells "
            f"({found.decoded / 1e9:,.1f} GB), {growth:,.0f} times its size",
            "restore it from its source, or write it without empty blocks",
        )


def _due(found: Directory, planes: int, counts: tuple[int, ...]) -> int:
    """Bytes that the written blocks of an uncompressed image need; the last may be short."""
    written = sum(1 for count in counts if count)
    row = (found.block[0] * found.samples // planes * found.bits + 7) // 8
    if found.block[0] != found.width or written < len(counts):
        return written * row
    return row * found.height * planes


def _georeferenced(reader: _Reader, entries: Mapping[int, _Entry]) -> bool:
    scale = reader.real(entries.get(_PIXEL_SCALE))
    tie = reader.real(entries.get(_TIEPOINT))
    matrix = reader.real(entries.get(_TRANSFORMATION))
    if any(not math.isfinite(value) for value in (*scale, *tie, *matrix)):
        raise reader.damaged("its georeference holds a number that is none")
    if len(scale) not in (0, 2, 3) or len(tie) % 6 or len(matrix) not in (0, 16):
        raise reader.damaged("its georeference has the wrong count of numbers")
    keys = reader.whole(_GEOKEYS, entries.get(_GEOKEYS))
    if keys and (len(keys) < 4 or len(keys) < 4 + 4 * keys[3]):
        raise reader.damaged("its list of GeoKeys is shorter than it says")
    return bool(scale or tie or matrix)


def _text(entry: _Entry | None) -> str | None:
    if entry is None:
        return None
    return entry.raw.split(b"\x00")[0].decode("latin-1").strip()
