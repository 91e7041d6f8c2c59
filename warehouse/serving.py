"""Publishes what BI reads: one DuckDB file and one Parquet file per table, replaced in one step, never locked.

The file is written in a storage version that DuckDB 1.x, and so most BI tools, can read. A reader that holds the old
file open goes on reading it; whoever opens it next sees the new one.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import duckdb

from warehouse.connection import connect
from warehouse.dialect import ident, literal
from warehouse.manifest import Manifest, Model
from warehouse.settings import Settings

FOLDERS = ("marts", "scores", "segments", "reports")
DATABASE = "millrace.duckdb"
STORAGE_VERSION = "v1.2.0"


@dataclass(frozen=True)
class Published:
    """What was published: rows per table, and where; `unchanged` when the last copy still holds."""

    rows: dict[str, int]
    database: Path
    parquet: Path
    unchanged: bool = False


def tables(manifest: Manifest) -> list[Model]:
    """The models that BI may read: every mart, score, segment and report not marked `meta.private`."""
    return [
        model
        for folder in FOLDERS
        for model in manifest.in_folder(folder)
        if model.materialized != "ephemeral" and not model.meta.get("private")
    ]


def publish(
    settings: Settings, manifest: Manifest, progress: Callable[[int, int], None] | None = None
) -> Published:
    """Copy every published table out of the warehouse, then swap the copies in.

    The database is swapped by one rename. The Parquet folder is `parquet`, a link to a folder of this publication;
    readers of the previous one keep it until the publication after next. Nothing is copied when no table was built
    since the last publication.
    """
    models = tables(manifest)
    settings.serving.mkdir(parents=True, exist_ok=True)
    database, parquet = settings.serving / DATABASE, settings.serving / "parquet"
    record = settings.serving / "published.json"
    with connect(settings) as con:
        state = _state(con, models)
        last = json.loads(record.read_text(encoding="utf-8")) if record.exists() else {}
        if last.get("state") == state and database.exists() and parquet.exists():
            return Published(last["rows"], database, parquet, unchanged=True)
        fresh, folder = settings.serving / f".{DATABASE}.new", settings.serving / ".parquet.new"
        rows = _copy(con, models, fresh, folder, progress)
    os.replace(fresh, database)
    _swap_folder(settings.serving, folder)
    written = record.with_suffix(".new")
    written.write_text(json.dumps({"state": state, "rows": rows}), encoding="utf-8")
    os.replace(written, record)
    return Published(rows, database, parquet)


def _state(con: duckdb.DuckDBPyConnection, models: list[Model]) -> str:
    """A digest of which build of which table would be published."""
    built = dict(con.execute("select name, fingerprint || built_at from landing.built").fetchall())
    parts = [f"{model.unique_id}={built.get(model.name)}" for model in models]
    return hashlib.sha256("|".join([STORAGE_VERSION, *parts]).encode()).hexdigest()


def _copy(
    con: duckdb.DuckDBPyConnection,
    models: list[Model],
    fresh: Path,
    folder: Path,
    progress: Callable[[int, int], None] | None,
) -> dict[str, int]:
    """Write all tables into the new database and the new folder; returns rows per table."""
    fresh.unlink(missing_ok=True)
    shutil.rmtree(folder, ignore_errors=True)
    rows: dict[str, int] = {}
    con.execute(f"attach {literal(fresh)} as serving (storage_version {literal(STORAGE_VERSION)})")
    for done, model in enumerate(models):
        target = ident("serving", model.schema, model.name)
        con.execute(f"create schema if not exists {ident('serving', model.schema)}")
        created = con.execute(f"create table {target} as select * from {model.relation}")
        rows[f"{model.schema}.{model.name}"] = int(created.fetchall()[0][0])
        _describe(con, target, model)
        path = folder / model.schema / f"{model.name}.parquet"
        path.parent.mkdir(parents=True, exist_ok=True)
        con.execute(f"copy {target} to {literal(path)} (format parquet, compression zstd)")
        if progress:
            progress(done + 1, len(models))
    con.execute("detach serving")
    return rows


def _describe(con: duckdb.DuckDBPyConnection, target: str, model: Model) -> None:
    execute = con.execute
    execute(f"comment on table {target} is {literal(model.description)}")
    for column in model.columns.values():
        if column.description:
            name = f"{target}.{ident(column.name)}"
            execute(f"comment on column {name} is {literal(column.description)}")


def _swap_folder(serving: Path, fresh: Path) -> Path:
    """Point the link `parquet` at the new folder in one step and drop folders older than the previous."""
    current = serving / "parquet"
    numbered = sorted(path for path in serving.glob("parquet-*") if path.is_dir())
    number = int(numbered[-1].name.split("-")[1]) + 1 if numbered else 1
    target = serving / f"parquet-{number:06}"
    os.replace(fresh, target)
    link = serving / ".parquet.link"
    link.unlink(missing_ok=True)
    link.symlink_to(target.name, target_is_directory=True)
    os.replace(link, current)
    for old in numbered[:-1]:
        shutil.rmtree(old)
    return current
