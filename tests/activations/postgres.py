"""A real PostgreSQL server on loopback for one test session: a folder, a free port, no password, gone at the end."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

MISSING = "PostgreSQL's server is not here: apt-get install -y postgresql, as .ci/run does"
STARTS_WITHIN_SECONDS = 30


def programs() -> Path:
    """The folder of `initdb` and `postgres`; skips the test where there is none."""
    debian = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: path.parent.name)
    for folder in [*reversed(debian), Path(shutil.which("initdb") or "/nowhere/initdb").parent]:
        if (folder / "initdb").exists() and (folder / "postgres").exists():
            return folder
    pytest.skip(MISSING)


def as_postgres() -> list[str]:
    """What starts a command as somebody whom the server accepts; it refuses root."""
    return ["runuser", "-u", "postgres", "--"] if os.getuid() == 0 else []


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def server() -> Iterator[str]:
    """The URL of a running server, without a database's name."""
    import psycopg

    found, port = programs(), free_port()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        data = Path(folder) / "data"
        data.mkdir()
        if os.getuid() == 0:
            for path in (Path(folder), data):
                shutil.chown(path, "postgres", "postgres")
        quick = ["-A", "trust", "-U", "postgres", "-E", "UTF8", "--locale", "C", "--no-sync"]
        subprocess.run(
            [*as_postgres(), found / "initdb", "-D", data, *quick],
            check=True,
            capture_output=True,
            cwd=folder,
        )
        options = {"listen_addresses": "127.0.0.1", "port": port, "unix_socket_directories": "",
                   "fsync": "off", "shared_buffers": "16MB", "max_connections": 60}  # fmt: skip
        settings = [part for name, value in options.items() for part in ("-c", f"{name}={value}")]
        with (Path(folder) / "log").open("wb") as log:
            process = subprocess.Popen(
                [*as_postgres(), found / "postgres", "-D", data, *settings],
                stdout=log,
                stderr=log,
                cwd=folder,
            )
        url = f"postgresql://postgres@127.0.0.1:{port}"
        try:
            until = time.monotonic() + STARTS_WITHIN_SECONDS
            while True:
                try:
                    psycopg.connect(f"{url}/postgres").close()
                    break
                except psycopg.OperationalError:
                    if process.poll() is not None or time.monotonic() > until:
                        said = (Path(folder) / "log").read_text(encoding="utf-8")
                        raise RuntimeError(f"PostgreSQL did not start:\n{said}") from None
                    time.sleep(0.1)
            yield url
        finally:
            # Through pg_ctl, because runuser does not pass signals on to the server.
            stop = [found / "pg_ctl", "-D", data, "-m", "immediate", "-w", "stop"]
            subprocess.run([*as_postgres(), *stop], capture_output=True, check=False, cwd=folder)
            process.wait(timeout=30)
