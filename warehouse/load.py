"""Loads landing files into the raw tables, several files at once: each content once, one transaction per file."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, wait
from datetime import datetime
from functools import partial

import duckdb

from warehouse.batch import Batch
from warehouse.contract import Contract
from warehouse.erased import recognise
from warehouse.landing import content_id, new_files
from warehouse.lanes import Lanes
from warehouse.load_file import FileResult, load_file
from warehouse.progress import Meter, watched
from warehouse.settings import Settings

Progress = Callable[[str, int, int], None]


def load_table(
    con: duckdb.DuckDBPyConnection,
    settings: Settings,
    contract: Contract,
    now: datetime,
    progress: Progress | None = None,
) -> list[FileResult]:
    """Load every new file of one table, oldest name first, as many at once as the engine has threads.

    The raw table must exist. `progress(path, bytes_done, bytes_total)` is called after each file, and every few seconds
    within a long one, from other threads. Raises ContractError when a file lacks a required column; files loaded before
    it, and those that were under way, stay loaded.
    """
    files = new_files(con, settings, contract)
    meter = Meter(progress, sum(file.file_bytes for file in files)) if progress else None
    going: list[Future[FileResult]] = []
    by_content: dict[str, Future[FileResult]] = {}
    first = last_batch(con) + 1
    with Lanes(con, len(files)) as lanes:
        for number, file in enumerate(files, first):
            if lanes.failed:
                break
            batch = Batch(contract, file, content_id(file.path), number, now)
            if twin := by_content.get(batch.file_id):
                wait([twin])
            loading = lanes.submit(partial(_load, settings, batch, meter))
            by_content[batch.file_id] = loading
            going.append(loading)
        # In here, so that whoever is stopped while waiting stops the lanes.
        wait(going)
    results = [future.result() for future in going]
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


def _load(
    settings: Settings, batch: Batch, meter: Meter | None, con: duckdb.DuckDBPyConnection
) -> FileResult:
    if meter is None:
        return load_file(con, settings, batch)
    report = partial(meter.within, batch.file.relative, batch.file.file_bytes)
    with watched(con, report):
        result = load_file(con, settings, batch)
    report(1.0)
    return result
