"""One engine serves a process, one connection after the other, and no connection finds what another left."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from dataclasses import replace
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest

from warehouse.connection import connect
from warehouse.settings import Settings, load


def one(settings: Settings, query: str, *, read_only: bool = False) -> object:
    """The single value of a query."""
    with connect(settings, read_only=read_only) as con:
        ((value,),) = con.execute(query).fetchall()
        return value


def test_what_a_block_made_for_itself_is_gone_in_the_next(settings: Settings) -> None:
    """Temporary tables, registered objects, variables and settings; what it wrote to the warehouse is there."""
    with connect(settings) as con:
        con.execute("create table kept as select 1 as a")
        con.execute("create temp table own as select 1 as a")
        con.register("given", pa.table({"a": [1]}))
        con.execute("set timezone = 'Asia/Tokyo'")
        con.execute("set variable told = 'secret'")

    with connect(settings) as con:
        assert con.execute("select * from kept").fetchall() == [(1,)]
        for name in ("own", "given"):
            with pytest.raises(duckdb.CatalogException):
                con.execute(f"select * from {name}")
        assert con.execute(
            "select current_setting('timezone'), getvariable('told')"
        ).fetchall() == [("UTC", None)]
        assert con.execute("select current_database(), current_schema()").fetchall() == [
            ("warehouse", "main")
        ]


def test_a_block_that_fails_leaves_nothing_behind(settings: Settings) -> None:
    """Its open transaction is undone, and nothing that it attached is there afterwards."""
    with connect(settings) as con:
        con.execute("create table kept as select 1 as a")
    other = settings.home / "other.duckdb"

    with pytest.raises(KeyError), connect(settings) as con:
        con.execute(f"attach '{other}' as other")
        con.execute("begin")
        con.execute("insert into kept values (2)")
        raise KeyError("in the middle")

    assert one(settings, "select count(*) from kept") == 1
    assert (
        one(settings, "select count(*) from duckdb_databases() where database_name = 'other'") == 0
    )


def test_what_a_block_attached_and_forgot_is_let_go(settings: Settings) -> None:
    """Another file stays attached to no later connection."""
    other = settings.home / "other.duckdb"
    with connect(settings) as con:
        con.execute(f"attach '{other}' as other")

    assert (
        one(settings, "select count(*) from duckdb_databases() where database_name = 'other'") == 0
    )


def test_after_a_block_the_file_is_whole_and_free(settings: Settings) -> None:
    """No log beside it, and another process may write it."""
    with connect(settings) as con:
        con.execute("create table kept as select range as a from range(1000)")

    assert not Path(f"{settings.database}.wal").exists()
    writes = (
        "import duckdb, sys; con = duckdb.connect(sys.argv[1]); con.execute('delete from kept')"
    )
    subprocess.run([sys.executable, "-c", writes, str(settings.database)], check=True)
    assert one(settings, "select count(*) from kept") == 0


def test_each_connection_has_the_limits_of_its_installation(settings: Settings) -> None:
    """Memory and threads as set, and DuckDB's own where nothing is; files that spill lie beside the warehouse."""
    usual = one(settings, "select current_setting('memory_limit')")
    small = replace(settings, memory_limit="100MB", threads=1)

    assert one(small, "select current_setting('memory_limit')") == "95.3 MiB"
    assert one(small, "select current_setting('threads')") == 1
    assert one(settings, "select current_setting('memory_limit')") == usual
    assert one(settings, "select current_setting('threads')") == os.cpu_count()
    with connect(settings) as con:
        con.execute("set threads = 1")
        con.execute("set memory_limit = '100MB'")
    assert one(settings, "select current_setting('memory_limit')") == usual
    assert one(settings, "select current_setting('threads')") == os.cpu_count()
    spill = one(settings, "select current_setting('temp_directory')")
    assert spill == f"{settings.database}.tmp"


def test_what_spilled_is_deleted_when_the_block_ends(settings: Settings) -> None:
    """Rows of people must not outlive their table in a file that nobody knows of."""
    small = replace(settings, memory_limit="60MB", threads=1)
    spill = Path(f"{settings.database}.tmp")

    with connect(small) as con:
        con.execute(
            "create temp table big as select range as a, range || repeat('x', 40) as b from range(1500000)"
        )
        assert list(spill.iterdir())

    assert not spill.exists()
    assert one(small, "select 1") == 1


def test_two_threads_hold_two_installations_at_once(tmp_path: Path) -> None:
    """Each its own; and a read-only connection cannot write, whoever used the engine before."""
    first, second = (load({"MILLRACE_HOME": str(tmp_path / name)}) for name in ("one", "two"))
    for number, settings in enumerate((first, second)):
        with connect(settings) as con:
            con.execute(f"create table mine as select {number} as a")
    found: list[object] = []

    with connect(first) as con:
        thread = threading.Thread(target=lambda: found.append(one(second, "select a from mine")))
        thread.start()
        thread.join()
        assert con.execute("select a from mine").fetchall() == [(0,)]

    assert found == [1]
    with connect(first, read_only=True) as con, pytest.raises(duckdb.InvalidInputException):
        con.execute("insert into mine values (7)")
    assert one(first, "select count(*) from mine") == 1
