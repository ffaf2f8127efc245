"""Which bytes were looked through before and found without a fault.

To look through a file (the pages of a database, the validity of each geometry) costs more than
to read it, and gives the same answer for the same bytes. So the answer is kept under the digest
of the bytes: for the life of a process, and for the layers that come with Lodemap in a list
beside them, which ``python -m layers.build.sound`` writes after looking through each. A file
whose bytes are others has another digest, and is looked through.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from geo.catalogue.records import embedded_folders

__all__ = ["LIST", "forgetting", "found_sound", "is_sound", "listed"]

LIST = "sound.txt"
"""Name of the list beside the layers: a line each with the digest and the layer inside."""

_Layer = tuple[str, str | None]
_known: set[_Layer] | None = None


def listed(file: Path) -> frozenset[_Layer]:
    """Digests and layers that a list names; none where there is no list.

    Parameters
    ----------
    file : Path

    Returns
    -------
    frozenset of (sha256, layer)
    """
    if not file.is_file():
        return frozenset()
    lines = (line.split(" ", 1) for line in file.read_text("utf-8").splitlines() if line)
    return frozenset((digest, layer or None) for digest, layer in lines)


def _remembered() -> set[_Layer]:
    global _known
    if _known is None:
        _known = set().union(*(listed(folder / LIST) for folder in embedded_folders()))
    return _known


@contextmanager
def forgetting() -> Iterator[None]:
    """Know of no file inside the block, and as much as before after it."""
    global _known
    before = _remembered()
    _known = set()
    try:
        yield
    finally:
        _known = before


def is_sound(sha256: str, layer: str | None) -> bool:
    """Whether a layer of these bytes was looked through and needed no mending.

    Parameters
    ----------
    sha256 : str
        Of the file, compared with its bytes before; empty when it is not known.
    layer : str, optional
        Layer inside the file.

    Returns
    -------
    bool
    """
    return (sha256, layer) in _remembered()


def found_sound(sha256: str, layer: str | None) -> None:
    """Keep, for the life of the process, that a layer of these bytes needs no mending."""
    if sha256:
        _remembered().add((sha256, layer))
