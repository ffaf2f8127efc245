"""Checking a layer by reading it as a study would."""

from geo.catalogue.findings import Finding, gathered
from geo.catalogue.raster import read_raster
from geo.catalogue.records import Catalogue, Record
from geo.catalogue.vector import read_table, read_vector
from geo.errors import LayerError

__all__ = ["check", "inspect"]


def check(catalogue: Catalogue, *ids: str) -> list[Finding]:
    """Read layers as a study would and report what is wrong.

    Parameters
    ----------
    catalogue : Catalogue
    *ids : str
        Layers to check; all when none is named.

    Returns
    -------
    list of Finding
        Sorted by id; empty when all is well.
    """
    chosen = ids or tuple(sorted([*catalogue.ids(), *catalogue.faulty()]))
    found: list[Finding] = []
    for identifier in chosen:
        try:
            found += inspect(catalogue[identifier])
        except LayerError as error:
            found.append(Finding(identifier, "error", str(error)))
    return found


def inspect(record: Record) -> list[Finding]:
    """Read a layer and report what is wrong with it.

    Parameters
    ----------
    record : Record

    Returns
    -------
    list of Finding
        Warnings first, then at most one error; empty when all is well.
    """
    columns: list[str] | None = None
    with gathered(record.id) as found:
        columns = _read(record)
    if columns is not None and (gone := [c for c in record.columns if c not in columns]):
        text = f"{record.toml}: describes columns that the file lacks: {', '.join(gone)}"
        found.append(Finding(record.id, "warning", text, "column-missing", count=len(gone)))
    return found


def _read(record: Record) -> list[str] | None:
    """Columns of a layer that could be read; None for a raster."""
    if record.kind == "raster":
        read_raster(record)
        return None
    frame = read_table(record) if record.kind == "table" else read_vector(record)
    return [str(name) for name in frame.columns]
