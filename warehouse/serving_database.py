"""The published DuckDB file: a copy of the last one in which the tables that changed are replaced, then one rename."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb

from warehouse.dialect import ident, literal
from warehouse.manifest import Model

STORAGE_VERSION = "v1.2.0"
# What the file holds, kept in the file itself: it is true of whatever file is found, also after a kill.
RECORD = ident("serving", "publication", "published_tables")


def contents(con: duckdb.DuckDBPyConnection, database: Path) -> dict[str, str]:
    """The digest of each table in the file, by `<schema>.<table>`; none if the file is not there or says nothing."""
    return dict(_record(con, database, "select name, content from"))


def rows(con: duckdb.DuckDBPyConnection, database: Path) -> dict[str, int]:
    """Rows of each table in the file."""
    return dict(_record(con, database, "select name, row_count from"))


def replace(
    con: duckdb.DuckDBPyConnection,
    database: Path,
    models: list[Model],
    wanted: dict[str, str],
    rewrite: Collection[str],
    *,
    fresh: bool,
    progress: Callable[[int, int], None] | None = None,
) -> None:
    """Swap in a file whose tables are `models`, those in `rewrite` read from the warehouse, the rest as they were.

    `fresh` begins with an empty file. The space of what is replaced is used again, so the file does not grow.
    """
    new = database.with_name(f".{database.name}.new")
    for rest in (new, new.with_name(f"{new.name}.wal")):
        rest.unlink(missing_ok=True)
    if not fresh:
        shutil.copyfile(database, new)
    with attached(con, new, f"(storage_version {literal(STORAGE_VERSION)})"):
        con.execute(f"create schema if not exists {ident('serving', 'publication')}")
        con.execute(
            f"create table if not exists {RECORD} (name varchar, content varchar, row_count bigint)"
        )
        gone = [n for n in _names(con) if n in rewrite or n not in wanted]
        for name in gone:
            con.execute(f"drop table if exists {ident('serving', *name.split('.', 1))}")
            con.execute(f"delete from {RECORD} where name = ?", [name])
        if gone:
            con.execute("checkpoint serving")
        todo = [model for model in models if f"{model.schema}.{model.name}" in rewrite]
        for done, model in enumerate(todo):
            _write(con, model, wanted[f"{model.schema}.{model.name}"])
            if progress:
                progress(done + 1, len(todo))
    os.replace(new, database)


@contextmanager
def attached(con: duckdb.DuckDBPyConnection, database: Path, options: str) -> Iterator[None]:
    """The file as database `serving` of a connection to the warehouse."""
    con.execute(f"attach {literal(database)} as serving {options}")
    try:
        yield
    finally:
        con.execute("detach serving")


def _record(con: duckdb.DuckDBPyConnection, database: Path, select: str) -> list[tuple[str, Any]]:
    if not database.exists():
        return []
    with attached(con, database, "(read_only)"):
        there = con.execute(
            "select 1 from duckdb_tables() where database_name = 'serving' and schema_name = 'publication' "
            "and table_name = 'published_tables'"
        ).fetchall()
        return con.execute(f"{select} {RECORD} order by name").fetchall() if there else []


def _names(con: duckdb.DuckDBPyConnection) -> list[str]:
    return [name for (name,) in con.execute(f"select name from {RECORD}").fetchall()]


def _write(con: duckdb.DuckDBPyConnection, model: Model, content: str) -> None:
    target = ident("serving", model.schema, model.name)
    con.execute(f"create schema if not exists {ident('serving', model.schema)}")
    created = con.execute(f"create table {target} as select * from {model.relation}").fetchall()
    con.execute(f"comment on table {target} is {literal(model.description)}")
    for column in model.columns.values():
        if column.description:
            name = f"{target}.{ident(column.name)}"
            con.execute(f"comment on column {name} is {literal(column.description)}")
    values = [f"{model.schema}.{model.name}", content, int(created[0][0])]
    con.execute(f"insert into {RECORD} values (?, ?, ?)", values)
