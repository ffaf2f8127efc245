"""Taking one layer out of a ZIP archive, within bounds.

Names in the archive are only compared, never used as paths.
"""

import lzma
import struct
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath

from geo.catalogue.files import LARGEST_FILE
from geo.catalogue.findings import refuse
from geo.errors import LodemapError

__all__ = ["unpack"]

_MOST_MEMBERS = 10_000
_MOST_RATIO = 1_000
_BLOCK = 1 << 20
# Files that make up one Shapefile, the main one last.
_FAULTS = (
    zipfile.BadZipFile, zlib.error, lzma.LZMAError, struct.error, EOFError, NotImplementedError,
    RuntimeError, MemoryError, OSError, ValueError,
)  # fmt: skip
"""What zipfile and its decoders raise on damaged archives."""
_SHAPEFILE = (".shx", ".dbf", ".prj", ".cpg", ".shp")
_ENDINGS = {"vector": (".gpkg", ".geojson", ".shp"), "raster": (".tif",), "table": (".csv",)}


def unpack(where: str, archive: Path, kind: str, member: str | None, target: Path) -> list[Path]:
    """Unpack the layer of an archive.

    Parameters
    ----------
    where : str
        What is fetched, for messages.
    archive : Path
    kind : {"vector", "raster", "table"}
    member : str or None
        Name of the layer's file in the archive, with or without its folders; the only one of its
        kind when missing.
    target : Path
        Path of the result without ending.

    Returns
    -------
    list of Path
        The files written, the layer's own last.

    Raises
    ------
    LayerError
        If the archive is damaged, too large unpacked, or does not hold that one file.
    """
    try:
        source = zipfile.ZipFile(archive)
    except _FAULTS as error:
        raise _damaged(where, error) from None
    with source:
        members = source.infolist()
        if len(members) > _MOST_MEMBERS:
            raise refuse(
                where,
                "archive-crowded",
                f"the archive has {len(members):,} members, at most {_MOST_MEMBERS:,} are read",
                "unpack it by hand",
            )
        return [
            _write(where, source, found, target.with_name(target.name + ending))
            for ending, found in _belonging(where, members, kind, member)
        ]


def _damaged(where: str, error: BaseException) -> LodemapError:
    said = str(error) or type(error).__name__
    return refuse(where, "archive-damaged", f"the archive cannot be read ({said})", "fetch again")


def _belonging(
    where: str, members: Sequence[zipfile.ZipInfo], kind: str, member: str | None
) -> list[tuple[str, zipfile.ZipInfo]]:
    main = _main(where, members, kind, member)
    path = PurePosixPath(main.filename)
    if path.suffix.lower() != ".shp":
        return [(path.suffix.lower(), main)]
    by_name = {found.filename.lower(): found for found in members}
    beside = ((ending, str(path.with_suffix(ending)).lower()) for ending in _SHAPEFILE)
    return [(ending, by_name[name]) for ending, name in beside if name in by_name]


def _main(
    where: str, members: Sequence[zipfile.ZipInfo], kind: str, member: str | None
) -> zipfile.ZipInfo:
    of_kind = [m for m in members if PurePosixPath(m.filename).suffix.lower() in _ENDINGS[kind]]
    fitting = [
        found
        for found in of_kind
        if member is None or member in (found.filename, PurePosixPath(found.filename).name)
    ]
    if len(fitting) == 1:
        return fitting[0]
    names = ", ".join(found.filename for found in of_kind[:12]) or "none"
    wanted = f"one file for a {kind}" if member is None else f"one file {member!r}"
    raise refuse(
        where,
        "archive-member",
        f"the archive holds {len(fitting)}, required is {wanted}; it has {names}",
        "name one with --member",
    )


def _write(where: str, archive: zipfile.ZipFile, member: zipfile.ZipInfo, path: Path) -> Path:
    most = min(LARGEST_FILE, _MOST_RATIO * max(member.compress_size, _BLOCK))
    size = 0
    with path.open("wb") as target:
        for block in _blocks(where, archive, member):
            size += len(block)
            if size > most:
                raise refuse(
                    where,
                    "archive-bomb",
                    f"{member.filename!r} in the archive grows beyond {most:,} bytes",
                    "unpack it by hand if you trust it",
                )
            target.write(block)
    return path


def _blocks(where: str, archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> Iterator[bytes]:
    try:
        with archive.open(member) as source:
            while block := source.read(_BLOCK):
                yield block
    except _FAULTS as error:
        raise _damaged(where, error) from None
