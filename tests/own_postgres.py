"""A PostgreSQL server of the tests' own: in a folder of its own, reached by a socket alone."""

import os
import pwd
import secrets
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import geopandas as gpd

USER = "surveyor"
DATABASE = "geology"


def binaries() -> Path | None:
    """Folder of the newest server that has PostGIS; None when there is none."""
    found = [
        path.parent
        for path in Path("/usr/lib/postgresql").glob("*/bin/initdb")
        if Path(f"/usr/share/postgresql/{path.parts[-3]}/extension/postgis.control").is_file()
    ]
    return max(found, key=lambda path: int(path.parts[-2]), default=None)


@contextmanager
def own_postgres(bin_folder: Path) -> Iterator[dict[str, str]]:
    """Run a server; give the environment that reaches it, with a password in it."""
    # initdb refuses root: everything runs as another user then.
    as_root = os.geteuid() == 0
    owner = pwd.getpwnam("postgres") if as_root else pwd.getpwuid(os.geteuid())
    folder = Path(tempfile.mkdtemp(prefix="lodemap-pg-", dir="/tmp"))
    password = secrets.token_hex(12)
    other = {"user": owner.pw_uid, "group": owner.pw_gid, "extra_groups": []} if as_root else {}

    def run(program: str, *arguments: str) -> None:
        subprocess.run(
            [bin_folder / program, *arguments], check=True, capture_output=True, cwd="/",
            env={"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "HOME": str(folder)},
            **other,
        )  # fmt: skip

    try:
        (folder / "password").write_text(password)
        for path in (folder, folder / "password"):
            os.chown(path, owner.pw_uid, owner.pw_gid)
        data = str(folder / "data")
        run("initdb", "-D", data, "-U", USER, "-E", "UTF8", "--locale=C.UTF-8", "-A",
            "scram-sha-256", f"--pwfile={folder / 'password'}", "--no-sync")  # fmt: skip
        options = f"-c listen_addresses= -c unix_socket_directories={folder} -c fsync=off"
        run(
            "pg_ctl",
            "-D",
            data,
            "-w",
            "-t",
            "60",
            "-l",
            str(folder / "log"),
            "-o",
            options,
            "start",
        )
        try:
            environment = {
                "PGHOST": str(folder), "PGUSER": USER, "PGPASSWORD": password,
                "PGDATABASE": "postgres",
            }  # fmt: skip
            _prepare(environment)
            yield {**environment, "PGDATABASE": DATABASE}
        finally:
            run("pg_ctl", "-D", data, "-m", "immediate", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _prepare(environment: dict[str, str]) -> None:
    import psycopg

    said = {"host": environment["PGHOST"], "user": USER, "password": environment["PGPASSWORD"]}
    with psycopg.connect(**said, dbname="postgres", autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {DATABASE}")
    with psycopg.connect(**said, dbname=DATABASE) as connection:
        connection.execute("CREATE EXTENSION postgis")


def load_table(frame: "gpd.GeoDataFrame", name: str, *, key: bool = True) -> None:
    """Put a frame of texts, floats and shapes in degrees into a table of the schema ``work``.

    Its rows are numbered in the column ``place`` unless `key` is false.
    """
    import numpy as np
    import psycopg
    import shapely
    from psycopg import sql

    names = [column for column in frame.columns if column != "geometry"]
    kinds = ["double precision" if frame[one].dtype.kind == "f" else "text" for one in names]
    columns = [sql.SQL("place serial PRIMARY KEY")] if key else []
    columns += [
        sql.SQL("{} " + kind).format(sql.Identifier(one))
        for one, kind in zip(names, kinds, strict=True)
    ]
    columns.append(sql.SQL("geom geometry"))
    table = sql.Identifier("work", name)
    with psycopg.connect() as connection:
        connection.execute(
            sql.SQL("CREATE TABLE {} ({})").format(table, sql.SQL(", ").join(columns))
        )
        for row in frame.itertuples(index=False):
            values = [getattr(row, one) for one in names]
            values = [None if isinstance(v, float) and np.isnan(v) else v for v in values]
            shape = shapely.to_wkb(shapely.set_srid(row.geometry, 4326), include_srid=True)
            connection.execute(
                sql.SQL("INSERT INTO {} ({}) VALUES ({})").format(
                    table,
                    sql.SQL(", ").join(map(sql.Identifier, [*names, "geom"])),
                    sql.SQL(", ").join([sql.Placeholder()] * (len(values) + 1)),
                ),
                [*values, shape],
            )
