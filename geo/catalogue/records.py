"""Records of layers: one TOML file beside each layer file.

A record says what the file is, in which unit and reference system, under which licence, and
which bytes it must have. Nothing is read that has no record, and nothing is read whose bytes
are not the recorded ones.
"""

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from difflib import get_close_matches
from functools import cached_property
from importlib.resources import files
from pathlib import Path
from types import MappingProxyType

from geo.catalogue.database import Database, database_of
from geo.catalogue.fields import RecordReader
from geo.catalogue.formats import TABLES, VECTORS
from geo.compute.canonical import canonical
from geo.errors import LayerError
from geo.provenance import sha256_of

__all__ = [
    "REMOTE",
    "Catalogue",
    "Column",
    "Record",
    "embedded_folders",
    "load_record",
    "record_table",
    "verify",
]

REMOTE = "remote"
"""Folder of the records of what can be fetched: no layers yet."""

_FIELDS = (
    "id", "title", "kind", "path", "layer", "sha256", "crs", "nodata", "unit", "bands",
    "variable",
    "valid_range", "licence", "licence_url", "attribution", "source", "retrieved", "quality",
    "limits", "columns", "encoding", "separator", "decimal", "sheet", "x", "y", "wkt", "key",
    "where",
)  # fmt: skip
_IN_DATABASE = "postgis"
_KINDS = ("vector", "raster", "table")
_QUALITIES = ("surveyed", "compiled", "screening", "modelled")
_SUFFIXES = {
    "vector": (*VECTORS, *TABLES),
    "raster": (".tif", ".tiff", ".nc", ".nc4", ".h5", ".hdf5", ".zarr", ".asc", ".img"),
    "table": (*TABLES,),
}


@dataclass(frozen=True)
class Column:
    """Unit (empty for text and plain numbers) and meaning of one column.

    `source` is the column's name in the file where it is another one, `source_unit` the unit
    that the file's numbers are in where it is another one.
    """

    unit: str
    description: str
    source: str | None = None
    source_unit: str | None = None


@dataclass(frozen=True)
class Record:
    """What is known about one layer.

    `path` and `toml` are absolute. `layer` is the table inside a GeoPackage. `nodata` is the
    stored value that means unknown (None when the file itself says). `unit` is that of every
    band of a raster. `valid_range` bounds what a value can be, in `unit`. `variable` is the one
    that is read of a NetCDF or Zarr file. `database` says where a layer in PostGIS lies; it has
    no `sha256` until :func:`geo.catalogue.postgis.at_hand` has taken it over.

    Of tables and of files that leave it open: `encoding` of the text, `separator` of cells,
    `decimal` sign, `sheet` of a workbook. A vector layer from a table names its coordinates,
    `x` and `y`, or the column `wkt`. `key` is the column whose values tell rows apart, `where`
    a filter that always holds (as in :func:`geo.catalogue.read_vector`).
    """

    id: str
    title: str
    kind: str
    path: Path
    toml: Path
    sha256: str
    licence: str
    attribution: str
    source: str
    retrieved: date
    quality: str
    limits: str
    layer: str | None = None
    crs: str | None = None
    nodata: float | None = None
    unit: str | None = None
    bands: tuple[str, ...] = ()
    valid_range: tuple[float, float] | None = None
    licence_url: str | None = None
    variable: str | None = None
    columns: Mapping[str, Column] = field(default_factory=lambda: MappingProxyType({}))
    database: Database | None = None
    encoding: str | None = None
    separator: str | None = None
    decimal: str | None = None
    sheet: str | None = None
    x: str | None = None
    y: str | None = None
    wkt: str | None = None
    key: str | None = None
    where: Mapping[str, object] = field(default_factory=lambda: MappingProxyType({}))

    @cached_property
    def told(self) -> str:
        """Everything but where it lies, as one text; see `geo.compute.canonical`."""
        return canonical(self)


def load_record(path: Path | str) -> Record:
    """Read one record and report every fault in it at once.

    Parameters
    ----------
    path : Path or str
        The TOML file. Its name without ``.toml`` must be the layer's id.

    Returns
    -------
    Record

    Raises
    ------
    LayerError
        With one line a fault, each naming the file and the key.

    Examples
    --------
    >>> load_record("missing.toml")
    Traceback (most recent call last):
    geo.errors.LayerError: missing.toml: no such record
    """
    toml = Path(path)
    table = record_table(toml)
    reader = RecordReader(toml, table)
    reader.unknown_keys((*_FIELDS, _IN_DATABASE))
    database = database_of(reader, table)
    kind = reader.choice("kind", _KINDS)
    identifier = _identifier(reader, toml)
    file = _file(reader, toml, kind, database)
    record = Record(
        id=identifier,
        title=reader.text("title"),
        kind=kind,
        path=file,
        toml=toml.resolve(),
        sha256=_digest(reader) if database is None else "",
        licence=reader.text("licence"),
        attribution=reader.text("attribution"),
        source=reader.text("source"),
        retrieved=reader.day("retrieved"),
        quality=reader.choice("quality", _QUALITIES),
        limits=reader.text("limits"),
        layer=_layer(reader, identifier, file),
        crs=reader.crs("crs", required=kind != "table", allowed=kind != "table"),
        nodata=reader.number("nodata"),
        unit=reader.unit("unit", required=kind == "raster"),
        bands=reader.names("bands"),
        valid_range=reader.interval("valid_range"),
        licence_url=reader.optional("licence_url"),
        variable=reader.optional("variable"),
        columns=MappingProxyType(
            {name: Column(*said) for name, said in reader.columns("columns").items()}
        ),
        database=database,
        encoding=reader.encoding("encoding"),
        separator=reader.one_of("separator", (",", ";", "\t", "|")),
        decimal=reader.one_of("decimal", (".", ",")),
        sheet=reader.optional("sheet"),
        x=reader.optional("x"),
        y=reader.optional("y"),
        wkt=reader.optional("wkt"),
        key=reader.optional("key"),
        where=MappingProxyType(reader.where("where")),
    )
    _require_place(reader, record)
    reader.finish()
    return record


def _file(reader: RecordReader, toml: Path, kind: str, database: Database | None) -> Path:
    if database is not None:
        return Path(database.place)
    return reader.file("path", toml.parent.resolve(), _SUFFIXES.get(kind, ()))


def _digest(reader: RecordReader) -> str:
    return reader.pattern("sha256", r"[0-9a-f]{64}", "64 hexadecimal digits")


def _require_place(reader: RecordReader, record: Record) -> None:
    from_table = record.kind == "vector" and record.path.suffix.lower() in TABLES
    pair = record.x is not None and record.y is not None
    if from_table and pair == (record.wkt is not None):
        reader.problem("x", "and y, or wkt, must name the columns that hold the coordinates")
    if not from_table and (record.x or record.y or record.wkt):
        reader.problem("x", "and y and wkt have a meaning only for a vector layer from a table")


def record_table(toml: Path) -> Mapping[str, object]:
    """Read the TOML table of a record's file; raises LayerError when there is none."""
    try:
        with toml.open("rb") as stream:
            return tomllib.load(stream)
    except FileNotFoundError:
        raise LayerError(f"{toml}: no such record") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise LayerError(f"{toml}: is no TOML file ({error})") from None
    except OSError as error:
        raise LayerError(f"{toml}: cannot be read ({error.strerror})") from None


def _identifier(reader: RecordReader, toml: Path) -> str:
    found = reader.pattern("id", r"[a-z0-9]+(-[a-z0-9]+)*", "small letters, digits and hyphens")
    if found and found != toml.stem:
        reader.problem("id", f"is {found!r}, the file is named {toml.name!r}: make them agree")
    return found


def _layer(reader: RecordReader, identifier: str, file: Path) -> str | None:
    said = reader.optional("layer")
    if said is None and file.suffix == ".gpkg":
        return identifier.replace("-", "_")
    return said


_verified: dict[tuple[Path, int, int], str] = {}


def verify(record: Record) -> None:
    """Compare a layer file's bytes with its record.

    The digest is kept for the life of the process under the file's path, time and size, so
    that a layer is hashed once. Of a Shapefile only the ``.shp`` is compared.

    Parameters
    ----------
    record : Record

    Raises
    ------
    LayerError
        If the file is missing or its bytes are not the recorded ones.
    """
    if record.database is not None:
        raise LayerError(
            f"{record.path}: layer {record.id!r} lies in PostGIS and is no file yet: "
            "take it over with geo.catalogue.postgis.at_hand(record)"
        )
    try:
        stat = record.path.stat()
    except OSError:
        raise LayerError(
            f"{record.path}: the file of layer {record.id!r} is missing: "
            "restore it or run `make layers`"
        ) from None
    key = (record.path, stat.st_mtime_ns, stat.st_size)
    # The time of a folder says nothing about the files below it.
    if key not in _verified or record.path.is_dir():
        _verified[key] = sha256_of(record.path)
    if _verified[key] != record.sha256:
        raise LayerError(
            f"{record.path}: its bytes differ from the record ({record.toml.name} says sha256 "
            f"{record.sha256[:12]}…, found {_verified[key][:12]}…): "
            "restore it or run `make layers`"
        )


def embedded_folders() -> tuple[Path, ...]:
    """Folders of the layers that come with Lodemap.

    Returns
    -------
    tuple of Path
        ``geo/_data/layers`` of an installed package, else ``layers`` of the checkout; empty
        when there is neither.
    """
    package = Path(str(files("geo")))
    candidates = (package / "_data" / "layers", package.parent / "layers")
    return next(((folder,) for folder in candidates if folder.is_dir()), ())


class Catalogue(Mapping[str, Record]):
    """Layers by id.

    Opening reads records, not layers. A record with faults does not hide the others: asking
    for it raises its fault, and :func:`geo.catalogue.inspection.check` reports it.

    Parameters
    ----------
    records : mapping of str to Record
    broken : mapping of str to LayerError, optional
        Faults of records that could not be loaded.
    folders : sequence of Path, optional
        Where was looked, for messages.
    """

    def __init__(
        self,
        records: Mapping[str, Record],
        broken: Mapping[str, LayerError] | None = None,
        folders: tuple[Path, ...] = (),
    ) -> None:
        self._records = dict(sorted(records.items()))
        self._broken = dict(sorted((broken or {}).items()))
        self.folders = folders

    @classmethod
    def open(cls, *folders: Path | str) -> "Catalogue":
        """Read every record in some folders and in the folders right below them.

        Parameters
        ----------
        *folders : Path or str
            None for the layers that come with Lodemap. A folder's sub-folders count only
            where a layer may lie: records of one region stand in one sub-folder.

        Returns
        -------
        Catalogue

        Raises
        ------
        LayerError
            If a folder is missing or two records have the same id.
        """
        places = tuple(Path(folder) for folder in folders) or embedded_folders()
        records: dict[str, Record] = {}
        broken: dict[str, LayerError] = {}
        seen: dict[str, Path] = {}
        for toml in (toml for place in places for toml in _tomls(place)):
            if (other := seen.setdefault(toml.stem, toml)) != toml:
                raise LayerError(
                    f"layer {toml.stem!r} has two records, {other} and {toml}: keep one"
                )
            try:
                records[toml.stem] = load_record(toml)
            except LayerError as error:
                broken[toml.stem] = error
        return cls(records, broken, places)

    def __getitem__(self, identifier: str) -> Record:
        """Record of a layer; raises LayerError naming the closest ids and the folders."""
        if identifier in self._broken:
            raise self._broken[identifier]
        if identifier not in self._records:
            known = [*self._records, *self._broken]
            close = get_close_matches(identifier, known, n=3) or sorted(known)[:8]
            where = ", ".join(str(folder) for folder in self.folders) or "no folder"
            raise LayerError(
                f"there is no layer {identifier!r} in {where}: "
                f"the closest are {', '.join(close) or 'none'}"
            )
        return self._records[identifier]

    def __contains__(self, identifier: object) -> bool:
        """Whether a record of that id was found, faulty or not."""
        return identifier in self._records or identifier in self._broken

    def __iter__(self) -> Iterator[str]:
        """Ids of the records without faults, sorted."""
        return iter(self._records)

    def __len__(self) -> int:
        """Count of the records without faults."""
        return len(self._records)

    def ids(self) -> tuple[str, ...]:
        """Ids of the records without faults, sorted."""
        return tuple(self._records)

    def faulty(self) -> tuple[str, ...]:
        """Ids of the records with faults, sorted; asking for one raises its fault."""
        return tuple(self._broken)


def _tomls(folder: Path) -> list[Path]:
    if not folder.is_dir():
        raise LayerError(f"{folder}: there is no such folder of layers")
    return sorted([*folder.glob("*.toml"), *(t for t in folder.glob("*/*.toml") if _beside(t))])


def _beside(toml: Path) -> bool:
    # Scripts that rebuild layers keep TOML files of their own; a record has its file beside it.
    return toml.parent.name != REMOTE and not (toml.parent / "__init__.py").exists()
