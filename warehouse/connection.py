"""Opens the warehouse, one process at a time: DuckDB has a single writer, so an inter-process lock queues everybody."""

from __future__ import annotations

import atexit
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TypeVar

import duckdb
from filelock import FileLock, Timeout

from warehouse import made
from warehouse.dialect import ident, literal
from warehouse.errors import BusyError, WarehouseError
from warehouse.settings import Settings

Taken = TypeVar("Taken")

# The engine that this process used last, with the limits that it was started with (decision 22). Starting one takes
# ten times as long as attaching a file does, and a new one reads its own catalog first.
_idle: list[tuple[tuple[str | None, int | None], duckdb.DuckDBPyConnection]] = []
# What a block may have left in an engine: files, and limits, which no session has for itself.
STATE = """
    select current_setting('memory_limit'), current_setting('threads'), list(database_name order by database_name)
    from duckdb_databases()
"""
# An engine has threads, which a fork would not take along, and complains when it outlives the interpreter.
os.register_at_fork(before=_idle.clear)
atexit.register(_idle.clear)


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
    """A connection to the warehouse with a UTC session, held exclusively until the block ends.

    The file is let go then, and so is all that the block made for itself: temporary tables, settings of the session.
    """
    with exclusive(settings), held(settings, read_only=read_only) as con:
        yield con


@contextmanager
def held(settings: Settings, *, read_only: bool = False) -> Iterator[duckdb.DuckDBPyConnection]:
    """The same for whoever holds the warehouse (`exclusive`) already, and no other connection of it.

    An engine that was left otherwise than it was found is not used again; nor is one that spilled, for what it wrote to
    the disk goes when it does.
    """
    database, engine = settings.database, _engine(settings)
    try:
        options = "(read_only)" if read_only and database.exists() else ""
        name = ident(database.stem)
        engine.execute(f"attach {literal(database)} as {name} {options}")
        con = session(engine, database.stem)
        try:
            state = engine.execute(STATE).fetchall()
            yield con
        finally:
            con.close()
        is_clean = engine.execute(STATE).fetchall() == state and not _spill(settings).exists()
        engine.execute(f"detach {name}")
    except BaseException:
        engine.close()
        raise
    if is_clean and not _idle:
        _idle.append(((settings.memory_limit, settings.threads), engine))
    else:
        engine.close()


def _engine(settings: Settings) -> duckdb.DuckDBPyConnection:
    """An engine without a database: the idle one, unless another thread uses it or it was started otherwise."""
    spill = literal(_spill(settings))
    with suppress(IndexError):
        limits, engine = _idle.pop()
        if limits == (settings.memory_limit, settings.threads):
            engine.execute(f"set temp_directory = {spill}")
            return engine
        engine.close()
    engine = duckdb.connect()
    engine.execute(f"set temp_directory = {spill}")
    _limit(engine, settings)
    return engine


def _spill(settings: Settings) -> Path:
    """Where DuckDB puts what does not fit into memory, for a warehouse that it opens by itself."""
    return Path(f"{settings.database}.tmp")


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


def session(con: duckdb.DuckDBPyConnection, name: str) -> duckdb.DuckDBPyConnection:
    """One more session of the engine behind `con`, at the database called `name`; a cursor alone stands at none."""
    opened = con.cursor()
    _prepare(opened)
    opened.execute(f"use {ident(name)}")
    return opened


def configure(con: duckdb.DuckDBPyConnection, settings: Settings) -> None:
    """Settings of the session that every connection shares, and the limits of its engine."""
    _prepare(con)
    _limit(con, settings)


def _prepare(con: duckdb.DuckDBPyConnection) -> None:
    con.execute("set timezone = 'UTC'")
    con.execute("set enable_progress_bar = false")
    con.execute("set preserve_insertion_order = false")


def _limit(con: duckdb.DuckDBPyConnection, settings: Settings) -> None:
    """Memory and threads are the engine's, and slow to set: once, when it starts."""
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
