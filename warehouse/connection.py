"""Opens the warehouse, one process at a time: DuckDB has a single writer, so an inter-process lock queues everybody."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import duckdb
from filelock import FileLock, Timeout

from warehouse import made
from warehouse.dialect import ident, literal
from warehouse.errors import BusyError, WarehouseError
from warehouse.settings import Settings

Taken = TypeVar("Taken")


@contextmanager
def exclusive(settings: Settings) -> Iterator[Path]:
    """Hold the warehouse for a child process (dbt) and yield the database path.

    Whoever holds it must not wait for a network. Raises BusyError after `settings.lock_timeout_seconds`.
    """
    settings.home.mkdir(parents=True, exist_ok=True)
    lock = FileLock(str(settings.home / "warehouse.lock"), thread_local=False)
    try:
        lock.acquire(timeout=settings.lock_timeout_seconds)
    except Timeout as error:
        raise BusyError(
            f"{settings.database} has been in use for {settings.lock_timeout_seconds:.0f} s; "
            "another run holds it. Wait for it, or raise MILLRACE_LOCK_TIMEOUT_SECONDS."
        ) from error
    try:
        yield settings.database
    finally:
        lock.release()


@contextmanager
def connect(settings: Settings, *, read_only: bool = False) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection to the warehouse with a UTC session, held exclusively until the block ends."""
    with exclusive(settings) as database:
        con = duckdb.connect(str(database), read_only=read_only and database.exists())
        try:
            configure(con, settings)
            yield con
        finally:
            con.close()


@contextmanager
def copy_of(
    settings: Settings, take: Callable[[duckdb.DuckDBPyConnection], Taken]
) -> Iterator[tuple[duckdb.DuckDBPyConnection, Taken]]:
    """A database in memory, and what `take` made of it.

    `take` finds the warehouse in use, read-only, and copies what it wants into the database `memory`; then the
    warehouse is let go, lock and all, and the copy is in use until the block ends.
    """
    con = duckdb.connect()
    try:
        configure(con, settings)
        with exclusive(settings) as database:
            if not database.exists():
                raise WarehouseError(f"there is no {database}; run `millrace run` first")
            name = ident(database.stem)
            con.execute(f"attach {literal(database)} as {name} (read_only)")
            con.execute(f"use {name}")
            taken = take(con)
            con.execute("use memory")
            con.execute(f"detach {name}")
        yield con, taken
    finally:
        con.close()


def configure(con: duckdb.DuckDBPyConnection, settings: Settings) -> None:
    """Session settings that every connection shares."""
    con.execute("set timezone = 'UTC'")
    con.execute("set enable_progress_bar = false")
    con.execute("set preserve_insertion_order = false")
    if settings.memory_limit:
        con.execute(f"set memory_limit = {literal(settings.memory_limit)}")
    if settings.threads:
        con.execute(f"set threads = {settings.threads}")


@contextmanager
def open_serving(path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """A read-only connection to a published database; takes no lock, for nobody writes it."""
    con = duckdb.connect(str(path), read_only=True)
    try:
        con.execute("set timezone = 'UTC'")
        yield con
    finally:
        con.close()


@contextmanager
def transaction(con: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """All or nothing: commits at the end of the block, rolls back on any error."""
    con.execute("begin transaction")
    try:
        yield
    except BaseException:
        roll_back(con)
        raise
    con.execute("commit")


def roll_back(con: duckdb.DuckDBPyConnection) -> None:
    """Undo the transaction, and forget which tables it found or made."""
    made.forget(con)
    con.execute("rollback")
