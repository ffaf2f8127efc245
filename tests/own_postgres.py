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
