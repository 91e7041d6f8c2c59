"""The published Parquet folder: a link to that of one publication, where files that did not change are links too."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Collection
from pathlib import Path

import duckdb

from warehouse.dialect import ident, literal
from warehouse.manifest import Model
from warehouse.serving_database import attached

RECORD = ".published.json"


def contents(folder: Path) -> dict[str, str]:
    """The digest of each table in the folder, by `<schema>.<table>`; none if it is not there or says nothing."""
    record = folder / RECORD
    return dict(json.loads(record.read_text(encoding="utf-8"))) if record.exists() else {}


def replace(
    con: duckdb.DuckDBPyConnection,
    serving: Path,
    database: Path,
    models: list[Model],
    wanted: dict[str, str],
    export: Collection[str],
) -> None:
    """Point `parquet` at a new folder: files in `export` are written from the published database, the rest are linked.

    Readers of the previous folder keep it until the publication after next.
    """
    current, fresh = serving / "parquet", serving / ".parquet.new"
    shutil.rmtree(fresh, ignore_errors=True)
    with attached(con, database, "(read_only)"):
        for model in models:
            path = Path(model.schema) / f"{model.name}.parquet"
            (fresh / model.schema).mkdir(parents=True, exist_ok=True)
            if f"{model.schema}.{model.name}" in export:
                table = ident("serving", model.schema, model.name)
                target = literal(fresh / path)
                con.execute(f"copy {table} to {target} (format parquet, compression zstd)")
            else:
                _carry(current / path, fresh / path)
    (fresh / RECORD).write_text(json.dumps(wanted), encoding="utf-8")
    _swap(serving, fresh)


def _carry(old: Path, new: Path) -> None:
    """The same file under a new name; where the disk knows no second names, a copy."""
    try:
        os.link(old, new)
    except OSError:
        shutil.copyfile(old, new)


def _swap(serving: Path, fresh: Path) -> None:
    """Point the link `parquet` at the new folder in one step and drop all but it and the one before."""
    before = (serving / "parquet").resolve()
    numbered = sorted(path for path in serving.glob("parquet-*") if path.is_dir())
    number = int(numbered[-1].name.split("-")[1]) + 1 if numbered else 1
    target = serving / f"parquet-{number:06}"
    os.replace(fresh, target)
    link = serving / ".parquet.link"
    link.unlink(missing_ok=True)
    link.symlink_to(target.name, target_is_directory=True)
    os.replace(link, serving / "parquet")
    for old in numbered:
        if old.resolve() != before:
            shutil.rmtree(old)
