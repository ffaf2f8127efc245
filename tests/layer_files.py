"""Writing a record beside a file that a test made."""

import json
from pathlib import Path

from geo.provenance import sha256_of

COMMON = {
    "title": "A layer",
    "licence": "CC0-1.0",
    "attribution": "made by the test",
    "source": "the test",
    "retrieved": "2026-01-31",
    "quality": "compiled",
    "limits": "none",
}


def write_record(path: Path, sort: str, /, **changes: object) -> Path:
    """Write the TOML beside a file; a value of None leaves a key out."""
    fields: dict[str, object] = {"id": path.stem, "kind": sort, "path": path.name, **COMMON}
    if path.exists():
        fields["sha256"] = sha256_of(path)
    if sort != "table":
        fields["crs"] = "EPSG:4326"
    if sort == "raster":
        fields["unit"] = "m"
    fields |= changes
    columns = fields.pop("columns", {})
    lines = [f"{key} = {json.dumps(value)}" for key, value in fields.items() if value is not None]
    for name, unit in columns.items():
        lines += [f"[columns.{name}]", f"unit = {json.dumps(unit)}", 'description = "said"']
    toml = path.with_suffix(".toml")
    toml.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return toml
