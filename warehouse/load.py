"""Loads landing files into the raw tables: each content once, one transaction per file, bad rows to quarantine.

A file is first read the fast way, in one pass that stops at anything unexpected. Only a file that has something
unexpected is read again the careful way, line by line, where every row is either loaded or quarantined.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path

import duckdb

from warehouse.clock import naive
from warehouse.connection import transaction
from warehouse.contract import Contract
from warehouse.dialect import ident, literal
from warehouse.erased import recognise
from warehouse.errors import FileError
from warehouse.landing import LandingFile, content_id, new_files
from warehouse.progress import watched
from warehouse.quarantine import load_carefully
from warehouse.scan import scan
from warehouse.settings import Settings
from warehouse.typed import row_is_good, select_list

Progress = Callable[[str, int, int], None]


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


def load_table(
    con: duckdb.DuckDBPyConnection,
    settings: Settings,
    contract: Contract,
    now: datetime,
    progress: Progress | None = None,
) -> list[FileResult]:
    """Load every new file of one table, oldest name first; the raw table must exist.

    `progress(path, bytes_done, bytes_total)` is called after each file, and every few seconds
    within a long one. Raises ContractError when a file lacks a
    required column; files loaded before it stay loaded.
    """
    files = new_files(con, settings, contract)
    total, done = sum(file.file_bytes for file in files), 0
    results = []
    for file in files:
        if progress:
            with watched(con, partial(_within, progress, file, done, total)):
                results.append(load_file(con, settings, contract, file, now))
        else:
            results.append(load_file(con, settings, contract, file, now))
        done += file.file_bytes
        if progress:
            progress(file.relative, done, total)
    recognise(con, settings, contract)
    return results


def last_batch(con: duckdb.DuckDBPyConnection) -> int:
    """The number of the newest batch; 0 before the first. What deliveries bring home takes numbers of the same row."""
    numbers = con.execute(
        "select max(batch) from landing.files union all select max(batch) from raw_activations.receipts"
    ).fetchall()
    return max(int(number or 0) for (number,) in numbers)


def loaded_since(
    con: duckdb.DuckDBPyConnection, contract: Contract, batch: int
) -> list[FileResult]:
    """The table's files that were put on record after `batch`, in order."""
    rows = con.execute(
        "select path, status, message, rows_read, rows_loaded, rows_quarantined, batch "
        "from landing.files where source = ? and table_name = ? and batch > ? order by batch",
        [contract.source, contract.table, batch],
    ).fetchall()
    return [FileResult(*row) for row in rows]


def _within(progress: Progress, file: LandingFile, done: int, total: int, fraction: float) -> None:
    progress(file.relative, done + int(fraction * file.file_bytes), total)


def load_file(
    con: duckdb.DuckDBPyConnection,
    settings: Settings,
    contract: Contract,
    file: LandingFile,
    now: datetime,
) -> FileResult:
    """Load one file, whatever its state, and put the outcome on record."""
    file_id = content_id(file.path)
    batch = last_batch(con) + 1
    twin = _loaded_twin(con, contract, file_id)
    if twin:
        message = f"same content as {twin}"
        result = FileResult(file.relative, "duplicate", message, 0, 0, 0, batch)
        with transaction(con):
            _record(con, contract, file, file_id, result, now)
        return result
    # DuckDB takes a document that was cut inside an array for a whole one, so documents go the careful way.
    why = ""
    if file.format != "json":
        try:
            return _load_fast(con, contract, file, file_id, batch, now)
        except FileError as error:
            result = FileResult(file.relative, "failed", str(error), 0, 0, 0, batch)
            with transaction(con):
                _record(con, contract, file, file_id, result, now)
            return result
        except duckdb.Error as error:
            why = str(error).splitlines()[0]
    settings.home.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=settings.home, prefix=".repair-") as folder:
        return _load_carefully(con, contract, file, file_id, batch, now, Path(folder), why)


def _load_fast(
    con: duckdb.DuckDBPyConnection,
    contract: Contract,
    file: LandingFile,
    file_id: str,
    batch: int,
    now: datetime,
) -> FileResult:
    source = scan(con, contract, file)
    good = row_is_good(contract, source.expressions)
    system = {
        # One bad row ends the fast way; the careful way then says which and why.
        "_file_id": f"case when {good} then {literal(file_id)} else error('a row does not fit') end",
        "_batch": str(batch),
        "_loaded_at": literal(naive(now)),
        "_extra": source.extra,
    }
    target = ident(contract.schema, contract.table)
    columns = select_list(contract, source.expressions, system)
    with transaction(con):
        rows = con.execute(f"insert into {target} by name select {columns} from {source.relation}")
        count = int(rows.fetchall()[0][0])
        note = (
            f"unknown columns kept in _extra: {', '.join(source.unknown)}" if source.unknown else ""
        )
        result = FileResult(file.relative, "loaded", note, count, count, 0, batch)
        _record(con, contract, file, file_id, result, now)
    return result


def _load_carefully(
    con: duckdb.DuckDBPyConnection,
    contract: Contract,
    file: LandingFile,
    file_id: str,
    batch: int,
    now: datetime,
    folder: Path,
    why: str,
) -> FileResult:
    with transaction(con):
        loaded, quarantined = load_carefully(con, contract, file, file_id, batch, now, folder)
        message = (
            f"{quarantined} of {loaded + quarantined} rows quarantined" if quarantined else why
        )
        status = "repaired" if message else "loaded"
        result = FileResult(
            file.relative, status, message, loaded + quarantined, loaded, quarantined, batch
        )
        _record(con, contract, file, file_id, result, now)
    return result


def _loaded_twin(con: duckdb.DuckDBPyConnection, contract: Contract, file_id: str) -> str | None:
    rows = con.execute(
        "select path from landing.files where file_id = ? and source = ? and table_name = ? "
        "and status in ('loaded', 'repaired', 'rewritten')",
        [file_id, contract.source, contract.table],
    ).fetchall()
    return str(rows[0][0]) if rows else None


def _record(
    con: duckdb.DuckDBPyConnection,
    contract: Contract,
    file: LandingFile,
    file_id: str,
    result: FileResult,
    now: datetime,
) -> None:
    con.execute(
        "insert into landing.files values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [
            file_id,
            contract.source,
            contract.table,
            file.relative,
            file.format,
            file.file_bytes,
            file.modified_ns,
            result.status,
            result.message,
            result.rows_read,
            result.rows_loaded,
            result.rows_quarantined,
            result.batch,
            naive(now),
        ],
    )
