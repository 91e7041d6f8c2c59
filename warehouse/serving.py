"""Publishes what BI reads: one DuckDB file and one Parquet file per table, replaced in one step, never locked.

Only tables whose rows changed since the copy was made are written; the rest is carried over. The file is written in a
storage version that DuckDB 1.x, and so most BI tools, can read. A reader that holds the old file open goes on reading
it; whoever opens it next sees the new one.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import duckdb

from warehouse import serving_database, serving_parquet
from warehouse.connection import connect
from warehouse.dialect import ident
from warehouse.manifest import Manifest, Model
from warehouse.settings import Settings

FOLDERS = ("marts", "scores", "segments", "reports")
DATABASE = "millrace.duckdb"
CONTENTS = "contents.json"
STORED = ("table", "incremental")


@dataclass(frozen=True)
class Published:
    """What was published: rows per table, where, and the tables written; `unchanged` when the last copy still holds."""

    rows: dict[str, int]
    database: Path
    parquet: Path
    unchanged: bool = False
    written: tuple[str, ...] = ()


def tables(manifest: Manifest) -> list[Model]:
    """The models that BI may read: every mart, score, segment and report not marked `meta.private`."""
    return [
        model
        for folder in FOLDERS
        for model in manifest.in_folder(folder)
        if model.materialized != "ephemeral" and not model.meta.get("private")
    ]


def publish(
    settings: Settings,
    manifest: Manifest,
    progress: Callable[[int, int], None] | None = None,
    *,
    whole: bool = False,
) -> Published:
    """Bring the published copies up to the warehouse, each swapped in by one rename.

    Both copies carry a record of what they hold, so whatever a kill leaves behind is told apart from what is asked for.
    `whole` writes every table anew, so that no byte of the last copy is left (an erasure needs that).
    """
    settings.serving.mkdir(parents=True, exist_ok=True)
    database, parquet = settings.serving / DATABASE, settings.serving / "parquet"
    with connect(settings) as con:
        models = _present(con, manifest)
        wanted = _contents(con, settings.serving / CONTENTS, models)
        held = {} if whole else serving_database.contents(con, database)
        stored = {} if whole else serving_parquet.contents(parquet)
        rewrite = {name for name in wanted if held.get(name) != wanted[name]}
        export = {name for name in wanted if stored.get(name) != wanted[name]}
        if changed := bool(rewrite) or held.keys() != wanted.keys():
            serving_database.replace(
                con, database, models, wanted, rewrite, fresh=not held, progress=progress
            )
        if moved := bool(export) or stored.keys() != wanted.keys():
            serving_parquet.replace(con, settings.serving, database, models, wanted, export)
        rows = serving_database.rows(con, database)
    written = tuple(sorted(rewrite | export))
    return Published(rows, database, parquet, not (changed or moved), written)


def behind(con: duckdb.DuckDBPyConnection, settings: Settings, manifest: Manifest) -> bool:
    """Whether the copies may not hold what was built last: it was built since, or a publication ended early."""
    builds = _builds(con, _present(con, manifest))
    known = _known(settings.serving / CONTENTS)
    wanted = {name: known[name][1] for name in builds if name in known}
    return (
        {name: known[name][0] for name in wanted} != builds
        or serving_database.contents(con, settings.serving / DATABASE) != wanted
        or serving_parquet.contents(settings.serving / "parquet") != wanted
    )


def _present(con: duckdb.DuckDBPyConnection, manifest: Manifest) -> list[Model]:
    """What is published and there: before its first refresh a new installation has decided, and has no reports."""
    found = set(
        con.execute("select table_schema, table_name from information_schema.tables").fetchall()
    )
    return [model for model in tables(manifest) if (model.schema, model.name) in found]


def _contents(con: duckdb.DuckDBPyConnection, cache: Path, models: list[Model]) -> dict[str, str]:
    """What each table holds, by `<schema>.<table>`: a digest of its rows, looked at only if it was built since.

    A view is judged by what it was built from: reading it to find nothing new costs as much as to copy it.
    """
    known, builds = _known(cache), _builds(con, models)
    recorded = {name for (name,) in con.execute("select name from landing.built").fetchall()}
    found: dict[str, tuple[str, str]] = {}
    for model in models:
        name = f"{model.schema}.{model.name}"
        build = builds[name]
        if model.name in recorded and model.materialized not in STORED:
            found[name] = build, build
        elif model.name in recorded and name in known and known[name][0] == build:
            found[name] = known[name]
        else:
            found[name] = build, _digest(_shape(model), _rows(con, model))
    written = cache.with_suffix(".new")
    written.write_text(json.dumps(found), encoding="utf-8")
    os.replace(written, cache)
    return {name: content for name, (_, content) in found.items()}


def _builds(con: duckdb.DuckDBPyConnection, models: list[Model]) -> dict[str, str]:
    """What tells one build of a table, and one description of it, from another, by `<schema>.<table>`."""
    built = dict(con.execute("select name, fingerprint || built_at from landing.built").fetchall())
    return {f"{m.schema}.{m.name}": _digest(built.get(m.name), _shape(m)) for m in models}


def _known(cache: Path) -> dict[str, tuple[str, str]]:
    """The build and the content of each table when it was last looked at."""
    found = json.loads(cache.read_text(encoding="utf-8")) if cache.exists() else {}
    return {name: (build, content) for name, (build, content) in found.items()}


def _rows(con: duckdb.DuckDBPyConnection, model: Model) -> list[tuple[object, ...]]:
    """Columns and rows in short; the order of rows does not matter, and rows that are alike count."""
    row = f"hash({ident(model.name)})"
    return [
        *con.execute(f"describe {model.relation}").fetchall(),
        *con.execute(
            f"select count(*), bit_xor({row}), sum({row}) from {model.relation}"
        ).fetchall(),
    ]


def _shape(model: Model) -> list[str]:
    """What is published beside the rows."""
    columns = [f"{column.name}: {column.description}" for column in model.columns.values()]
    return [model.materialized, model.description, *columns]


def _digest(*parts: object) -> str:
    return hashlib.sha256(json.dumps(parts, default=str).encode()).hexdigest()[:32]
