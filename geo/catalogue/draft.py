"""A first record of a file, for a person to complete.

It states what the file states and nothing else: no licence, no source and no system is guessed.
What is left open is empty and marked, and a record with open places is refused.
"""

import re
from pathlib import Path

from geo.catalogue.description import Description
from geo.catalogue.findings import refuse
from geo.catalogue.record_text import record_text
from geo.errors import CrsError, OutputError
from geo.provenance import sha256_of

__all__ = ["draft_text", "write_draft"]

_OPEN = {
    "title": "what the layer shows and where",
    "unit": "unit of the values, such as m; write an empty text for plain numbers",
    "crs": "system of the coordinates, such as EPSG:4326",
    "licence": "licence of the data, such as CC-BY-4.0",
    "attribution": "how the source wants to be named",
    "source": "where the file comes from",
    "retrieved": "day on which it was fetched, such as 2026-01-31, without quotes",
    "quality": "surveyed, compiled, screening or modelled",
    "limits": "what it must not be used for",
}
_MARK = "FILL IN"


def draft_text(path: Path, description: Description) -> str:
    """Write a draft record as TOML.

    Parameters
    ----------
    path : Path
        The layer's file.
    description : Description
        What it says about itself.

    Returns
    -------
    str
        Open fields carry the mark ``FILL IN``.

    Raises
    ------
    CrsError
        If the file states no CRS.
    """
    if description.crs is None and description.kind != "table" and not description.layers:
        raise refuse(
            path,
            "crs-missing",
            "states no CRS, which no record can make good",
            "write the CRS into the file first, for example with gdal_edit or ogr2ogr -a_srs",
            error=CrsError,
        )
    stated = {
        "id": _identifier(path),
        "title": None,
        "kind": description.kind,
        "path": path.name,
        **_inside(description),
        "sha256": sha256_of(path),
        "crs": _coded(description.crs),
        "unit": _unit(description),
        "bands": list(description.bands) if len(description.bands) > 1 else None,
        **dict.fromkeys(("licence", "attribution", "source", "retrieved", "quality", "limits")),
    }
    lines = [
        f"# Draft: complete every field marked {_MARK}, then run `lodemap layers check`.",
        *(_line(name, value, description) for name, value in stated.items()),
    ]
    text = "\n".join(line for line in lines if line) + "\n"
    return text + _columns(description)


def write_draft(path: Path, description: Description) -> Path:
    """Write a draft record beside a file.

    Parameters
    ----------
    path : Path
    description : Description

    Returns
    -------
    Path
        The new TOML file.

    Raises
    ------
    CrsError
        If the file states no CRS.
    OutputError
        If a record stands there already, or cannot be written.
    """
    text = draft_text(path, description)
    toml = path.with_name(f"{_identifier(path)}.toml")
    try:
        with toml.open("x", encoding="utf-8", newline="\n") as stream:
            stream.write(text)
    except FileExistsError:
        raise OutputError(
            f"{toml}: a record stands there already: move it away or edit it"
        ) from None
    except OSError as error:
        raise OutputError(f"{toml}: cannot be written ({error.strerror})") from None
    return toml


def _identifier(path: Path) -> str:
    words = re.findall(r"[a-z0-9]+", path.stem.lower())
    return "-".join(words) or "layer"


def _inside(description: Description) -> dict[str, object]:
    """Which table or variable of the file is meant, where there are several."""
    if description.layer is None:
        return {}
    return {"variable" if description.kind == "raster" else "layer": description.layer}


def _coded(crs: str | None) -> str | None:
    return crs if crs is not None and re.fullmatch(r"[A-Za-z]+:\d+", crs) else None


def _unit(description: Description) -> str | None:
    stated = set(description.unit_hints.values())
    return stated.pop() if len(stated) == 1 else None


def _line(name: str, value: object, description: Description) -> str:
    if value is not None:
        return record_text({name: value}).rstrip("\n")
    if name == "bands" or (name == "unit" and description.kind != "raster"):
        return ""
    if name == "crs" and description.kind == "table":
        return ""
    hint = _OPEN[name]
    if name == "crs" and description.crs is not None:
        hint += "; the file's own has no code: " + " ".join(description.crs.split())[:60]
    # An empty unit is a plain number and would pass.
    value = _MARK if name == "unit" else ""
    return f'{name} = "{value}"  # {_MARK}: {hint}'


def _columns(description: Description) -> str:
    if not description.columns:
        return ""
    table = {
        name: {"unit": description.unit_hints.get(name, ""), "description": f"{_MARK} ({kind})"}
        for name, kind in description.columns.items()
    }
    return "\n" + record_text({"columns": table}).lstrip("\n")
