"""Loads one landing file, whatever its state: the fast way, else row by row with quarantine; one transaction.

A file is first read the fast way, in one pass that stops at anything unexpected. Only a file that has something
unexpected is read again the careful way, line by line, where every row is either loaded or quarantined.
"""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import duckdb

from warehouse.clock import naive
from warehouse.connection import transaction
from warehouse.contract import Contract
from warehouse.dialect import ident, literal
from warehouse.errors import FileError
from warehouse.landing import LandingFile
from warehouse.quarantine import load_carefully
from warehouse.scan import scan
from warehouse.settings import Settings
from warehouse.typed import row_is_good, select_list


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


def load_file(
    con: duckdb.DuckDBPyConnection,
    settings: Settings,
    contract: Contract,
    file: LandingFile,
    file_id: str,
    batch: int,
    now: datetime,
) -> FileResult:
    """Load one file, the content `file_id`, as batch number `batch`, and put the outcome on record."""
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
