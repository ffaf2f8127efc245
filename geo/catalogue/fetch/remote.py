"""Records of layers that are fetched: where from, how large, whose, and what becomes of them.

They stand in a folder named ``remote`` beside the layers, so that no study takes one for a layer
that is at hand.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from types import MappingProxyType

from geo.catalogue.fetch.addresses import allowed_address
from geo.catalogue.fetch.contents import FORMATS
from geo.catalogue.fields import RecordReader
from geo.catalogue.records import REMOTE, embedded_folders, record_table
from geo.errors import LayerError, LodemapError

__all__ = ["Parameter", "RemoteRecord", "load_remote", "remote_records"]

_TABLE_FIELDS = ("encoding", "separator", "x", "y", "wkt", "key")
_LAYER_FIELDS = (
    "layer", "crs", "nodata", "unit", "bands", "valid_range", "columns", *_TABLE_FIELDS,
)  # fmt: skip
_TEXT_FIELDS = (
    "title", "licence", "licence_url", "attribution", "source", "quality", "limits",
)  # fmt: skip
_FIELDS = (
    "id", "kind", "url", "hosts", "sha256", "max_bytes", "format", "member", "parameters",
    "tile_degrees", "get_from", *_TEXT_FIELDS, *_LAYER_FIELDS,
)  # fmt: skip
_KINDS = ("vector", "raster", "table")
_TILES = ("lat", "lon")
_LARGEST = 20_000_000_000


@dataclass(frozen=True)
class Parameter:
    """What a user fills into the address: its meaning and the regular expression it must match."""

    description: str
    pattern: str


@dataclass(frozen=True)
class RemoteRecord:
    """Where a layer is fetched from and what becomes of it.

    `url` may hold ``{parameter}`` and, for tiles of `tile_degrees`, ``{lat}`` and ``{lon}`` of a
    tile's south-western corner (``N47``, ``E106``). `get_from` stands in its place where the
    licence lets nobody pass the layer on. `fields` are those of the layer's record.
    """

    id: str
    kind: str
    toml: Path
    url: str | None
    get_from: str | None
    hosts: tuple[str, ...]
    sha256: str | None
    max_bytes: int
    format: str
    member: str | None
    parameters: Mapping[str, Parameter]
    tile_degrees: int | None
    fields: Mapping[str, object]

    @property
    def title(self) -> str:
        """Title of the layer."""
        return str(self.fields["title"])


def load_remote(path: Path | str) -> RemoteRecord:
    """Read one record and report every fault in it at once.

    Parameters
    ----------
    path : Path or str
        The TOML file. Its name without ``.toml`` must be the record's id.

    Returns
    -------
    RemoteRecord

    Raises
    ------
    LayerError
        With one line a fault, each naming the file and the key.
    """
    toml = Path(path)
    table = record_table(toml)
    reader = RecordReader(toml, table)
    reader.unknown_keys(_FIELDS)
    identifier = reader.pattern("id", r"[a-z0-9]+(-[a-z0-9]+)*", "small letters, digits, hyphens")
    if identifier and identifier != toml.stem:
        reader.problem("id", f"is {identifier!r}, the file is named {toml.name!r}: make them agree")
    kind = reader.choice("kind", _KINDS)
    fields = _layer_fields(reader, table, kind)
    parameters = _parameters(reader, table.get("parameters", {}))
    tiles = reader.number("tile_degrees")
    held = "get_from" in table
    url = None if held else reader.text("url")
    hosts = reader.names("hosts")
    if url:
        hosts = _checked_address(reader, url, hosts, parameters, tiled=tiles is not None)
    record = RemoteRecord(
        id=identifier,
        kind=kind,
        toml=toml.resolve(),
        url=url,
        get_from=reader.text("get_from") if held else None,
        hosts=hosts,
        sha256=_digest(reader, table, parameters, tiled=tiles is not None),
        max_bytes=0 if held else _size(reader),
        format="" if held else reader.choice("format", tuple(FORMATS)),
        member=reader.optional("member"),
        parameters=MappingProxyType(parameters),
        tile_degrees=None if tiles is None else int(tiles),
        fields=MappingProxyType(fields),
    )
    _check_tiles(reader, record, tiles)
    reader.finish()
    return record


def remote_records(*folders: Path | str) -> dict[str, RemoteRecord]:
    """Read the records of what can be fetched.

    Parameters
    ----------
    *folders : Path or str
        Folders of records; the one that comes with Lodemap when none is named.

    Returns
    -------
    dict of str to RemoteRecord
        By id, sorted.

    Raises
    ------
    LayerError
        If a folder is missing or a record has faults.

    Examples
    --------
    >>> remote_records()["copernicus-dem-30m"].format
    'geotiff'
    """
    places = [Path(folder) for folder in folders] or [f / REMOTE for f in embedded_folders()]
    for place in places:
        if not place.is_dir():
            raise LayerError(f"{place}: there is no such folder of records")
    tomls = sorted(toml for place in places for toml in place.glob("*.toml"))
    return {toml.stem: load_remote(toml) for toml in tomls}


def chosen(records: Mapping[str, RemoteRecord], identifier: str) -> RemoteRecord:
    """Record of an id; raises LayerError naming the closest ones."""
    if identifier not in records:
        close = get_close_matches(identifier, records, n=3) or list(records)
        raise LayerError(
            f"there is no layer {identifier!r} to fetch: the closest are {', '.join(close)}"
        )
    return records[identifier]


def _layer_fields(
    reader: RecordReader, table: Mapping[str, object], kind: str
) -> dict[str, object]:
    for key in ("title", "licence", "attribution", "source", "limits"):
        reader.text(key)
    reader.choice("quality", ("surveyed", "compiled", "screening", "modelled"))
    reader.optional("licence_url")
    reader.optional("layer")
    spatial = kind != "table"
    reader.crs("crs", required=spatial, allowed=spatial)
    reader.unit("unit", required=kind == "raster")
    reader.number("nodata")
    reader.names("bands")
    reader.interval("valid_range")
    reader.columns("columns")
    reader.encoding("encoding")
    reader.one_of("separator", (",", ";", "\t", "|"))
    _require_places(reader, table, kind)
    return {key: table[key] for key in (*_TEXT_FIELDS, *_LAYER_FIELDS) if key in table}


def _require_places(reader: RecordReader, table: Mapping[str, object], kind: str) -> None:
    for key in ("x", "y", "wkt", "key"):
        reader.optional(key)
    said = {key for key in ("x", "y", "wkt") if key in table}
    if said and (kind != "vector" or said not in ({"x", "y"}, {"wkt"})):
        reader.problem("x", "and y, or wkt, name the columns of a vector layer's coordinates")


def _parameters(reader: RecordReader, said: object) -> dict[str, Parameter]:
    if not isinstance(said, dict):
        reader.problem("parameters", "is no table: write [parameters.<name>]")
        return {}
    found: dict[str, Parameter] = {}
    for name, entry in said.items():
        if not isinstance(entry, dict) or set(entry) != {"description", "pattern"}:
            reader.problem(f"parameters.{name}", "must hold a description and a pattern")
            continue
        try:
            re.compile(str(entry["pattern"]))
        except re.error as error:
            reader.problem(f"parameters.{name}.pattern", f"is no regular expression ({error})")
            continue
        found[name] = Parameter(str(entry["description"]), str(entry["pattern"]))
    return found


def _checked_address(
    reader: RecordReader,
    url: str,
    hosts: tuple[str, ...],
    parameters: Mapping[str, Parameter],
    *,
    tiled: bool,
) -> tuple[str, ...]:
    named = set(re.findall(r"\{([^{}]*)\}", url))
    required = {*parameters, *(_TILES if tiled else ())}
    if named != required:
        odd = ", ".join(sorted(named ^ required))
        reader.problem("url", f"and the parameters do not name the same: {odd}")
    if "{" in url.partition("://")[2].partition("/")[0]:
        reader.problem("url", "leaves its host open: write it out")
        return hosts
    try:
        return (allowed_address("address", re.sub(r"[{}]", "", url)), *hosts)
    except LodemapError as error:
        reader.problem("url", str(error))
        return hosts


def _digest(
    reader: RecordReader,
    table: Mapping[str, object],
    parameters: Mapping[str, Parameter],
    *,
    tiled: bool,
) -> str | None:
    if "sha256" not in table:
        return None
    if parameters or tiled:
        reader.problem("sha256", "has no meaning where the address stands for many files")
    return reader.pattern("sha256", r"[0-9a-f]{64}", "64 hexadecimal digits")


def _size(reader: RecordReader) -> int:
    said = reader.number("max_bytes")
    if said is None or not 0 < said <= _LARGEST:
        reader.problem("max_bytes", f"is {said}, required is a size of 1 to {_LARGEST:,} bytes")
        return 0
    return int(said)


def _check_tiles(reader: RecordReader, record: RemoteRecord, said: float | None) -> None:
    if said is None:
        return
    if said != int(said) or not 1 <= said <= 90:
        reader.problem("tile_degrees", f"is {said:g}, required is a whole number of 1 to 90")
    if record.format != "geotiff":
        reader.problem("tile_degrees", "has a meaning for format geotiff only")


def filled(record: RemoteRecord, values: Mapping[str, str]) -> dict[str, str]:
    """Check what a user fills in; raises LayerError naming what is missing or wrong.

    Parameters
    ----------
    record : RemoteRecord
    values : mapping of str to str

    Returns
    -------
    dict of str to str
        In the record's order.
    """
    problems: list[str] = []
    for name, parameter in record.parameters.items():
        if name not in values:
            problems.append(f"needs {name} ({parameter.description}): add --set {name}=…")
        elif not re.fullmatch(parameter.pattern, values[name]):
            problems.append(f"{name} is {values[name]!r}, required is {parameter.description}")
    strange: Sequence[str] = [name for name in values if name not in record.parameters]
    problems += [f"has no parameter {name!r}: leave it out" for name in strange]
    if problems:
        raise LayerError("\n".join(f"{record.id}: {problem}" for problem in problems))
    return {name: values[name] for name in record.parameters}
