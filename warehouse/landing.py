"""Finds the landing files that have not been loaded yet, in one stat per file; contents are read only when new."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import duckdb

from warehouse.contract import Contract
from warehouse.settings import Settings

FORMATS = {
    ".csv": "csv",
    ".json": "json",
    ".ndjson": "ndjson",
    ".jsonl": "ndjson",
    ".parquet": "parquet",
}
CHUNK_BYTES = 1 << 20
Seen = tuple[str, int, int]  # path, bytes and time of change of a file on record


@dataclass(frozen=True)
class LandingFile:
    """One file below `landing/<source>/<table>/`."""

    path: Path
    relative: str
    format: str
    file_bytes: int
    modified_ns: int


def file_format(path: Path) -> str | None:
    """`csv`, `json`, `ndjson` or `parquet`, looking through `.gz`; None for anything else."""
    suffixes = [suffix.lower() for suffix in path.suffixes]
    if suffixes and suffixes[-1] == ".gz":
        suffixes.pop()
    return FORMATS.get(suffixes[-1]) if suffixes else None


def list_files(settings: Settings, contract: Contract) -> list[LandingFile]:
    """The table's complete files, oldest name first.

    Names that begin with `.` or `_` or end in `.tmp` or `.part` are still being written and are passed over.
    """
    folder = settings.landing / contract.source / contract.table
    if not folder.is_dir():
        return []
    found = []
    for path in sorted(folder.rglob("*")):
        kind = file_format(path)
        if kind is None or path.name.startswith((".", "_")) or not path.is_file():
            continue
        stat = path.stat()
        found.append(
            LandingFile(
                path=path,
                relative=path.relative_to(settings.landing).as_posix(),
                format=kind,
                file_bytes=stat.st_size,
                modified_ns=stat.st_mtime_ns,
            )
        )
    return found


def new_files(
    con: duckdb.DuckDBPyConnection, settings: Settings, contract: Contract
) -> list[LandingFile]:
    """The files whose path, size and time of change are not on record yet."""
    rows = con.execute(
        "select path, file_bytes, modified_ns from landing.files "
        "where source = ? and table_name = ?",
        [contract.source, contract.table],
    ).fetchall()
    return _unseen(settings, contract, set(rows))


def with_news(
    con: duckdb.DuckDBPyConnection, settings: Settings, contracts: Iterable[Contract]
) -> list[Contract]:
    """The contracts whose folders hold files that are not on record yet; asks the warehouse once for all."""
    found: dict[tuple[str, str], set[Seen]] = {}
    for source, table, *file in con.execute(
        "select source, table_name, path, file_bytes, modified_ns from landing.files"
    ).fetchall():
        found.setdefault((source, table), set()).add((file[0], file[1], file[2]))
    return [
        one
        for one in contracts
        if _unseen(settings, one, found.get((one.source, one.table), set()))
    ]


def _unseen(settings: Settings, contract: Contract, seen: set[Seen]) -> list[LandingFile]:
    return [
        file
        for file in list_files(settings, contract)
        if (file.relative, file.file_bytes, file.modified_ns) not in seen
    ]


def content_id(path: Path) -> str:
    """The sha256 of the file's bytes, in hex, read in chunks."""
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while chunk := stream.read(CHUNK_BYTES):
            digest.update(chunk)
    return digest.hexdigest()


def unknown_files(settings: Settings, known: dict[str, Contract]) -> list[str]:
    """Landing files no contract speaks for, or of a format nobody reads: reported, never dropped."""
    if not settings.landing.is_dir():
        return []
    odd = []
    for path in sorted(settings.landing.rglob("*")):
        if not path.is_file() or path.name.startswith((".", "_")):
            continue
        if path.suffix in {".tmp", ".part"}:
            continue
        parts = path.relative_to(settings.landing).parts
        label = ".".join(parts[:2]) if len(parts) > 2 else ""
        if label not in known or file_format(path) is None:
            odd.append("/".join(parts))
    return odd
