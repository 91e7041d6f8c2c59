"""A small installation for tests of erasure: rows in, models built, and an independent search through all its bytes."""

from __future__ import annotations

import gzip
import json
import shutil
import sqlite3
from collections.abc import Iterable, Mapping
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import polars as pl

from tests.models.installation import begin_without_rows
from warehouse import builds, clock
from warehouse.connection import connect
from warehouse.contract import contracts
from warehouse.internal import ensure, set_clock
from warehouse.load import FileResult, load_table
from warehouse.manifest import load_manifest
from warehouse.settings import Settings, load
from warehouse.transform import build

AS_OF = datetime(2026, 6, 30, tzinfo=UTC)
Row = Mapping[str, Any]


def installation(home: Path) -> Settings:
    """What is below `home`; where nothing is, the first `refresh` begins with a warehouse without rows."""
    return load({"MILLRACE_HOME": str(home), "MILLRACE_AS_OF": AS_OF.isoformat()})


def copied(settings: Settings, home: Path) -> Settings:
    """The installation with all its files below another folder."""
    shutil.copytree(settings.home, home, dirs_exist_ok=True)
    return installation(home)


def land(settings: Settings, table: str, name: str, rows: Iterable[Row]) -> Path:
    """Rows as a new landing file of `<source>.<table>`; packed when the name ends in .gz."""
    path = settings.landing / table.replace(".", "/") / name
    path.parent.mkdir(parents=True, exist_ok=True)
    text = "".join(json.dumps(row) + "\n" for row in rows).encode()
    path.write_bytes(gzip.compress(text) if name.endswith(".gz") else text)
    return path


def refresh(settings: Settings, *names: str, as_of: datetime = AS_OF) -> list[FileResult]:
    """Load what was landed and build `names` with all they read, where out of date."""
    begin_without_rows(settings)
    manifest = load_manifest(settings)
    results = []
    with connect(settings) as con:
        ensure(con, contracts(manifest))
        set_clock(con, as_of)
        for contract in contracts(manifest).values():
            results += load_table(con, settings, contract, clock.now())
        current = builds.fingerprints(con, settings, manifest)
        todo = builds.stale(con, manifest, current, manifest.with_inputs(names))
    built = build(settings, todo, unit_tests=False) if todo else []
    assert [f"{r.name}: {r.message}" for r in built if not r.passed] == []
    with connect(settings) as con:
        builds.record(con, builds.fingerprints(con, settings, manifest), todo, clock.now())
    return results


def rows(settings: Settings, query: str) -> list[tuple[Any, ...]]:
    """The rows of a query on the warehouse."""
    with connect(settings) as con:
        return con.execute(query).fetchall()


def traces(home: Path, names: Iterable[str]) -> dict[str, int]:
    """Every place below `home` where one of `names` stands, however it is packed; no code of ours is used."""
    wanted = [name.lower() for name in names]
    found: dict[str, int] = {}
    for path in sorted(home.rglob("*")):
        if not path.is_file() or path.is_symlink():
            continue
        for place, text in _texts(path):
            lower = text.lower()
            for name in wanted:
                if name in lower:
                    found[f"{path.relative_to(home)}{place}"] = lower.count(name)
    return found


def _texts(path: Path) -> Iterable[tuple[str, str]]:
    content = path.read_bytes()
    yield "", content.decode("latin-1")
    if path.suffix == ".gz":
        yield " unpacked", gzip.decompress(content).decode("latin-1")
    if path.suffix == ".parquet":
        yield " rows", str(pl.read_parquet(path).rows())
    if content[8:12] == b"DUCK":
        with closing(duckdb.connect(str(path), read_only=True)) as con:
            tables = con.execute("select schema_name, table_name from duckdb_tables()").fetchall()
            for schema, table in tables:
                yield (
                    f" {schema}.{table}",
                    str(con.execute(f'select * from "{schema}"."{table}"').fetchall()),
                )
    if content.startswith(b"SQLite format 3"):
        with closing(sqlite3.connect(path)) as lite:
            for (table,) in lite.execute("select name from sqlite_master where type = 'table'"):
                yield f" {table}", str(lite.execute(f'select * from "{table}"').fetchall())
