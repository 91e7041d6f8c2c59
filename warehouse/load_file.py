"""Loads one landing file, whatever its state: the fast way, else row by row with quarantine; one transaction.

A file is first read the fast way, in one pass that stops at anything unexpected; a large one by an even faster one that
also stops at unknown keys. Only a file that has something unexpected is read again the careful way, line by line, where
every row is either loaded or quarantined.
"""

from __future__ import annotations

import tempfile
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import duckdb

from warehouse.batch import Batch
from warehouse.clock import naive
from warehouse.connection import transaction
from warehouse.errors import FileError
from warehouse.quarantine import load_carefully
from warehouse.scan import Scan, scan
from warehouse.scan_keys import keys_scan
from warehouse.settings import Settings
from warehouse.typed import row_is_good


@dataclass(frozen=True)
class FileResult:
    """What became of one landing file; `status` is loaded, repaired, duplicate or failed."""

    path: str
    status: str
    message: str
    rows_read: int
    rows_loaded: int
    rows_quarantined: int
    batch: int


def load_file(con: duckdb.DuckDBPyConnection, settings: Settings, batch: Batch) -> FileResult:
    """Load one file and put the outcome on record."""
    twin = _loaded_twin(con, batch)
    if twin:
        return _without_rows(con, batch, "duplicate", f"same content as {twin}")
    # DuckDB takes a document that was cut inside an array for a whole one, so documents go the careful way.
    why = ""
    if batch.file.format != "json":
        try:
            return _load_fast(con, batch)
        except FileError as error:
            return _without_rows(con, batch, "failed", str(error))
        except duckdb.Error as error:
            why = str(error).splitlines()[0]
    settings.home.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=settings.home, prefix=".repair-") as folder:
        return _load_carefully(con, batch, Path(folder), why)


def _load_fast(con: duckdb.DuckDBPyConnection, batch: Batch) -> FileResult:
    keys = keys_scan(con, batch.contract, batch.file)
    if keys is not None:
        # Whatever stops it stops the ordinary way as well, which says why, or is a key that the ordinary way keeps.
        with suppress(duckdb.Error):
            return _insert(con, batch, keys)
    return _insert(con, batch, scan(con, batch.contract, batch.file))


def _insert(con: duckdb.DuckDBPyConnection, batch: Batch, source: Scan) -> FileResult:
    # One bad row ends the fast way; the careful way then says which and why.
    columns = batch.columns(source, only_if=row_is_good(batch.contract, source.expressions))
    note = f"unknown columns kept in _extra: {', '.join(source.unknown)}" if source.unknown else ""
    with transaction(con):
        rows = con.execute(
            f"insert into {batch.target} by name select {columns} from {source.relation}"
        )
        count = int(rows.fetchall()[0][0])
        return _record(con, batch, "loaded", note, loaded=count)


def _load_carefully(
    con: duckdb.DuckDBPyConnection, batch: Batch, folder: Path, why: str
) -> FileResult:
    with transaction(con):
        loaded, quarantined = load_carefully(con, batch, folder)
        message = (
            f"{quarantined} of {loaded + quarantined} rows quarantined" if quarantined else why
        )
        status = "repaired" if message else "loaded"
        return _record(con, batch, status, message, loaded, quarantined)


def _without_rows(
    con: duckdb.DuckDBPyConnection, batch: Batch, status: str, message: str
) -> FileResult:
    with transaction(con):
        return _record(con, batch, status, message)


def _loaded_twin(con: duckdb.DuckDBPyConnection, batch: Batch) -> str | None:
    rows = con.execute(
        "select path from landing.files where file_id = ? and source = ? and table_name = ? "
        "and status in ('loaded', 'repaired', 'rewritten')",
        [batch.file_id, batch.contract.source, batch.contract.table],
    ).fetchall()
    return str(rows[0][0]) if rows else None


def _record(
    con: duckdb.DuckDBPyConnection,
    batch: Batch,
    status: str,
    message: str,
    loaded: int = 0,
    quarantined: int = 0,
) -> FileResult:
    file, read = batch.file, loaded + quarantined
    con.execute(
        "insert into landing.files values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [
            batch.file_id,
            batch.contract.source,
            batch.contract.table,
            file.relative,
            file.format,
            file.file_bytes,
            file.modified_ns,
            status,
            message,
            read,
            loaded,
            quarantined,
            batch.number,
            naive(batch.now),
        ],
    )
    return FileResult(file.relative, status, message, read, loaded, quarantined, batch.number)
