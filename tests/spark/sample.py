"""A sample shop's raw tables in two deliveries, for both engines: what had come two days before the end, then all.

The second delivery brings the last two days, rows that are late by weeks, and repeats of rows that came before.
"""

from __future__ import annotations

import subprocess
import sys
from datetime import datetime, timedelta
from pathlib import Path

import duckdb

from warehouse.dialect import ident, literal
from warehouse.manifest import Manifest

ROOT = Path(__file__).resolve().parents[2]
SECOND_BATCH = 1_000_000
SAMPLE_SECONDS = 3600


def sample(home: Path, contacts: int) -> Path:
    """The warehouse of a sample shop with `contacts` contacts, made unless it is there; one half made is completed."""
    database, complete = home / "warehouse.duckdb", home / "complete"
    if not complete.exists():
        command = [sys.executable, "-m", "examples.shop", "--home", str(home)]
        subprocess.run(
            [*command, "--contacts", str(contacts)], cwd=ROOT, check=True, timeout=SAMPLE_SECONDS
        )
        complete.touch()
    return database


def end_of(database: Path) -> datetime:
    """The moment that the sample was decided for."""
    with duckdb.connect(str(database), read_only=True) as con:
        return con.execute("select max(as_of) from raw_millrace.clock").fetchall()[0][0]


def deliver(
    sample_file: Path, target: Path, raw: Path, manifest: Manifest, as_of: datetime, *, last: bool
) -> None:
    """Put the first delivery, or both, into the DuckDB file `target` and as Parquet into `raw`, at `as_of`."""
    raw.mkdir(parents=True, exist_ok=True)
    relations = sorted({(source.schema, source.name) for source in manifest.sources.values()})
    with duckdb.connect(str(target)) as con:
        con.execute("set timezone = 'UTC'")
        con.execute(f"attach {literal(sample_file)} as sample (read_only)")
        for schema, table in relations:
            con.execute(f"create schema if not exists {ident(schema)}")
            query = _rows(con, schema, table, as_of, last=last)
            con.execute(f"create or replace table {ident(schema, table)} as {query}")
            if (schema, table) == ("raw_millrace", "clock"):
                con.execute("update raw_millrace.clock set as_of = ?", [as_of])
            _export(con, schema, table, raw / f"{schema}.{table}")


def _rows(
    con: duckdb.DuckDBPyConnection, schema: str, table: str, as_of: datetime, *, last: bool
) -> str:
    """The rows that have been delivered by then, in a fixed order."""
    relation = ident("sample", schema, table)
    kinds = dict(_columns(con, "sample", schema, table))
    if "_batch" not in kinds:
        return f"select * from {relation}"
    times = [name for name, kind in kinds.items() if kind == "TIMESTAMP" and name[0] != "_"]
    moment = ident(times[0]) if times else "cast(null as timestamp)"
    if not times and kinds.get("timestamp") == "BIGINT":
        moment = "cast(to_timestamp(timestamp) as timestamp)"
    cut = literal(as_of - timedelta(days=2) if last else as_of)
    digit = "substr(md5(cast(rows as varchar)), 1, 1)"
    late = f"dayofyear({moment}) % 40 = 0 and {digit} in ('0', '1')"
    repeated = f"dayofyear({moment}) % 40 = 1 and {digit} in ('2', '3')"
    first = (
        f"select * from {relation} as rows where not coalesce({moment} >= {cut} or {late}, false)"
    )
    if not last:
        return first
    second = f"select * replace ({SECOND_BATCH} as _batch) from {relation} as rows"
    return f"{first} union all {second} where {moment} >= {cut} or {late} or {repeated}"


def _export(con: duckdb.DuckDBPyConnection, schema: str, table: str, folder: Path) -> None:
    folder.mkdir()
    casts = [
        f"cast({ident(name)} as varchar) as {ident(name)}" if kind == "JSON" else ident(name)
        for name, kind in _columns(con, "", schema, table)
    ]
    rows = f"select {', '.join(casts)} from {ident(schema, table)}"
    con.execute(f"copy ({rows}) to {literal(folder / 'part.parquet')} (format parquet)")


def _columns(
    con: duckdb.DuckDBPyConnection, database: str, schema: str, table: str
) -> list[tuple[str, str]]:
    found = con.execute(
        "select column_name, data_type from duckdb_columns() where schema_name = ? and table_name = ? "
        "and database_name = coalesce(nullif(?, ''), current_database()) order by column_index",
        [schema, table, database],
    ).fetchall()
    if not found:
        raise ValueError(f"the sample has no table {schema}.{table}; make it anew")
    return found
