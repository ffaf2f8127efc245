"""Looking into zip archives without being harmed by them.

Counts, sizes, ratios and names are judged by the directory before a byte is unpacked, and the
bytes are counted again while unpacking, because a directory can lie.
"""

import lzma
import stat
import struct
import zipfile
import zlib
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

from geo.catalogue.findings import note, refuse
from geo.catalogue.formats import TABLES, VECTORS
from geo.catalogue.shapefile import PARTS

__all__ = ["layers_inside", "members", "unpack"]

# What zipfile and its decoders raise on damaged archives.
_FAULTS = (
    zipfile.BadZipFile, zlib.error, lzma.LZMAError, struct.error, OSError, EOFError, ValueError,
    RuntimeError, MemoryError,
)  # fmt: skip

MOST_MEMBERS = 2_000
"""Most files an archive may hold."""

MOST_BYTES = 2_000_000_000
"""Most bytes an archive may unpack to."""

MOST_RATIO = 200
"""Most bytes that one stored byte may become, in archives of more than ten megabytes."""

_SMALL = 10_000_000
_NESTED = (".zip", ".kmz", ".gz", ".7z", ".rar", ".tar", ".bz2", ".xz")


def members(
    path: Path, *, where: Path | str | None = None, most: int = MOST_BYTES
) -> list[zipfile.ZipInfo]:
    """Files in an archive, after judging its directory.

    Parameters
    ----------
    path : Path
    where : Path or str, optional
        What to call the archive in messages; `path` when missing.
    most : int, optional
        Most bytes that it may unpack to.

    Returns
    -------
    list of ZipInfo
        Without folders.

    Raises
    ------
    LayerError
        If it is damaged or cut off, holds too much, or a name leads out of it.
    """
    called = where or path
    try:
        with zipfile.ZipFile(path) as archive:
            found = archive.infolist()
    except zipfile.BadZipFile as error:
        raise refuse(
            called, "file-truncated", f"is no whole zip archive ({error})", "restore it"
        ) from None
    except (OSError, ValueError, NotImplementedError, struct.error) as error:
        raise refuse(called, "archive-broken", f"cannot be read ({error})", "restore it") from None
    _bound(called, found, path.stat().st_size, most)
    for one in found:
        _judge(called, one)
    names = [one.filename for one in found]
    if len(set(names)) < len(names):
        what = "holds two files of the same name"
        raise refuse(called, "archive-ambiguous", what, "make it anew")
    if len({name.casefold() for name in names}) < len(names):
        what = "holds names that differ only in case and clash on many disks"
        note(called, "warning", "archive-case", what, "rename one of them")
    return [one for one in found if not one.is_dir()]


def layers_inside(path: Path, found: Sequence[zipfile.ZipInfo]) -> list[str]:
    """Names of the layers in an archive.

    Raises
    ------
    LayerError
        If there is none.
    """
    endings = [ending for ending in (*VECTORS, *TABLES) if ending not in (".zip", ".kmz", ".txt")]
    names = [
        one.filename
        for one in found
        if PurePosixPath(one.filename).suffix.lower() in endings
        and not any(part.startswith((".", "__MACOSX")) for part in one.filename.split("/"))
    ]
    if names:
        return names
    if any(one.filename.lower().endswith(_NESTED) for one in found):
        what = "holds only another archive"
        raise refuse(path, "archive-nested", what, "unpack it once")
    seen = ", ".join(one.filename for one in found[:5]) or "nothing"
    what = f"holds no layer ({seen})"
    raise refuse(path, "archive-empty", what, f"put one in: {', '.join(endings)}")


def unpack(
    path: Path, name: str, folder: Path, *, stem: str | None = None, where: Path | str | None = None
) -> Path:
    """Unpack one layer of an archive, with the parts of a Shapefile.

    Names in the archive are only compared, never used as paths beyond their last part.

    Parameters
    ----------
    path : Path
    name : str
        Name of a file that `members` or `layers_inside` gave.
    folder : Path
        Existing and empty.
    stem : str, optional
        Name of the files that are written, without ending; that of the member when missing.
    where : Path or str, optional
        What to call the archive in messages; `path` when missing.

    Returns
    -------
    Path
        The layer's file in `folder`.

    Raises
    ------
    LayerError
        If it unpacks to more than its directory says, or is damaged.
    """
    inner = PurePosixPath(name)
    wanted = {name.casefold()}
    if inner.suffix.lower() == ".shp":
        wanted = {str(inner.with_suffix(part)).casefold() for part in PARTS}
    called = where or path
    target = folder / f"{stem or inner.stem}{inner.suffix.lower()}"
    try:
        with zipfile.ZipFile(path) as archive:
            for one in archive.infolist():
                # Of names that differ only in case, the layer's own is taken.
                if one.filename.casefold() in wanted and (
                    one.filename.casefold() != name.casefold() or one.filename == name
                ):
                    ending = PurePosixPath(one.filename).suffix.lower()
                    _copy(called, archive, one, target.with_name(f"{target.stem}{ending}"))
    except _FAULTS as error:
        what = f"its member {name!r} cannot be unpacked ({error})"
        raise refuse(called, "archive-broken", what, "restore it") from None
    return target


def _copy(called: Path | str, archive: zipfile.ZipFile, one: zipfile.ZipInfo, target: Path) -> None:
    left = one.file_size
    with archive.open(one) as source, target.open("wb") as copy:
        while block := source.read(1 << 20):
            left -= len(block)
            if left < 0:
                what = f"its member {one.filename!r} is larger than its directory says"
                raise refuse(called, "archive-bomb", what, "make it anew")
            copy.write(block)


def _bound(called: Path | str, found: Sequence[zipfile.ZipInfo], size: int, most: int) -> None:
    if len(found) > MOST_MEMBERS:
        what = f"holds {len(found):,} files, at most {MOST_MEMBERS:,} are read"
        raise refuse(called, "archive-bomb", what, "pack only the layer")
    total = sum(one.file_size for one in found)
    if total > most:
        what = f"unpacks to {total:,} bytes, at most {most:,} are read"
        raise refuse(called, "archive-bomb", what, "unpack it and check what it holds")
    ratio = total / max(size, 1)
    if total > _SMALL and ratio > MOST_RATIO:
        what = f"grows {ratio:,.0f}-fold to {total:,} bytes, at most {MOST_RATIO}-fold is read"
        raise refuse(called, "archive-bomb", what, "unpack it and check what it holds")


def _judge(called: Path | str, one: zipfile.ZipInfo) -> None:
    name = one.orig_filename
    parts = name.replace("\\", "/").split("/")
    if not one.filename:
        raise refuse(called, "archive-path", "holds a member without a name", "make it anew")
    if name.startswith(("/", "\\")) or ".." in parts or name[1:2] == ":" or "\x00" in name:
        what = f"its member {name!r} leads out of the archive"
        raise refuse(called, "archive-path", what, "make it anew with plain names")
    if stat.S_ISLNK(one.external_attr >> 16):
        what = f"its member {name!r} is a link"
        raise refuse(called, "archive-path", what, "pack the file itself")
    if one.flag_bits & 1:
        what = f"its member {name!r} is locked with a password"
        raise refuse(called, "archive-locked", what, "pack it without")
