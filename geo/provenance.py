"""Which bytes, versions and recipe made a result."""

import hashlib
import platform
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

__all__ = ["package_version", "sha256_of", "software"]

_SHOWN = (
    "geopandas", "numba", "numpy", "odc-geo", "pandas", "pvlib", "pyogrio", "pyproj",
    "rasterio", "scipy", "shapely", "xarray", "folium",
)  # fmt: skip


def sha256_of(path: Path) -> str:
    """SHA-256 of a file's bytes, as 64 hexadecimal digits.

    Of a folder, such as a Zarr store, it is that of the sorted list of its files: a line each
    with the digest and the path.

    Parameters
    ----------
    path : Path

    Returns
    -------
    str
    """
    digest = hashlib.sha256()
    if path.is_dir():
        for inner in sorted(one for one in path.rglob("*") if one.is_file()):
            line = f"{sha256_of(inner)} {inner.relative_to(path).as_posix()}\n"
            digest.update(line.encode())
        return digest.hexdigest()
    with path.open("rb") as stream:
        while block := stream.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def package_version() -> str:
    """Version of the installed package, or ``"0+checkout"`` when it is not installed."""
    try:
        return version("lodemap")
    except PackageNotFoundError:
        return "0+checkout"


def software() -> dict[str, str]:
    """Versions of the interpreter and of the libraries that make the numbers."""
    found = {"lodemap": package_version(), "python": platform.python_version()}
    for name in _SHOWN:
        found[name] = version(name)
    return found
