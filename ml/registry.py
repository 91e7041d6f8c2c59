"""Finds the models by presence and keeps their versions: files below `settings.models`, facts in the ml tables."""

from __future__ import annotations

import hashlib
import importlib
import json
import os
import pkgutil
import shutil
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any

import duckdb
import polars as pl

from ml import models
from ml.errors import ArtifactError, ModelError
from ml.result import Files, Metric, Model, Monitor, Trained
from ml.spec import Spec
from warehouse.clock import naive
from warehouse.connection import transaction
from warehouse.dialect import columns, ident
from warehouse.settings import Settings

METHOD = 3  # raised when the same data and spec would train another model than before
VERSION_DIGITS = 12


def names() -> list[str]:
    """The names of all models, sorted: the files in `ml/models/`."""
    return sorted(found.name for found in pkgutil.iter_modules(models.__path__))


def model(name: str) -> Model:
    """The MODEL of `ml/models/<name>.py`. Raises ModelError when there is none."""
    if name not in names():
        raise ModelError(f"ml/models/{name}.py does not exist; known models: {', '.join(names())}")
    module = importlib.import_module(f"{models.__name__}.{name}")
    found: Model | None = getattr(module, "MODEL", None)
    if found is None or found.spec.name != name:
        raise ModelError(f"ml/models/{name}.py must define MODEL with a spec named {name!r}")
    return found


def spec(name: str) -> Spec:
    """What the model declares."""
    return model(name).spec


def spec_digest(declared: Spec) -> str:
    """A digest of the declaration and of the method behind it."""
    text = json.dumps({"method": METHOD, **declared.as_dict()}, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()


def version(declared: Spec, training_digest: str) -> str:
    """Twelve hex digits that stand for one declaration trained on one set of rows."""
    whole = f"{spec_digest(declared)}|{training_digest}"
    return hashlib.sha256(whole.encode()).hexdigest()[:VERSION_DIGITS]


def save(settings: Settings, name: str, number: str, files: Files) -> str:
    """Write a version's files in one step; returns their folder relative to `settings.models`.

    Whoever finds the folder finds it complete: it is written beside and renamed.
    """
    folder = settings.models / name / number
    fresh = folder.with_name(f".{number}.new")
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(parents=True)
    for file, content in files.items():
        (fresh / file).write_bytes(content)
    shutil.rmtree(folder, ignore_errors=True)
    os.replace(fresh, folder)
    return f"{name}/{number}"


def load(settings: Settings, name: str, number: str) -> Files:
    """A version's files. Raises ArtifactError when the folder is gone."""
    folder = settings.models / name / number
    if not folder.is_dir():
        raise ArtifactError(f"{folder} does not exist; run the model again to train it anew")
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir()) if path.is_file()}


def has_files(settings: Settings, name: str, number: str) -> bool:
    """Whether a version's folder is there."""
    return Path(settings.models / name / number).is_dir()


def latest(con: duckdb.DuckDBPyConnection, name: str, moment: datetime) -> dict[str, Any] | None:
    """The registry's newest row of a model trained at or before `moment` (aware), or None; challengers do not serve."""
    found = con.execute(
        "select version, as_of, is_promoted, verdict, trained_rows, positives, params "
        "from ml.model_registry where model = ? and as_of <= ? "
        "and coalesce(json_extract_string(params, '$.role'), '') <> 'challenger' "
        "order by as_of desc, version limit 1",
        [name, naive(moment)],
    )
    header = [column[0] for column in found.description or []]
    rows = found.fetchall()
    if not rows:
        return None
    row = dict(zip(header, rows[0], strict=True))
    return row | {"params": json.loads(row["params"] or "{}")}


def scored(con: duckdb.DuckDBPyConnection, name: str, number: str, moment: datetime) -> set[float]:
    """The checksums of the inputs that a version has scored at `moment`."""
    found = con.execute(
        "select value from ml.model_metrics where model = ? and version = ? and as_of = ? "
        "and metric = 'input_checksum'",
        [name, number, naive(moment)],
    )
    return {float(row[0]) for row in found.fetchall()}


def monitors(con: duckdb.DuckDBPyConnection, name: str) -> list[Monitor]:
    """The newest watches over a model."""
    found = con.execute(
        "select monitor, is_held, is_well, value, seen from ml.monitors where model = ? "
        "qualify as_of = max(as_of) over () order by monitor desc",
        [name],
    )
    return [Monitor(*row) for row in found.fetchall()]


def rows(con: duckdb.DuckDBPyConnection, name: str) -> int:
    """How many predictions of a model there are."""
    found = con.execute("select count(*) from ml.predictions where model = ?", [name]).fetchall()
    return int(found[0][0])


def metrics(con: duckdb.DuckDBPyConnection, name: str, number: str) -> dict[str, float]:
    """What the newest rows of a version say about the served candidate on the test cohort."""
    found = con.execute(
        "select metric, arg_max(value, as_of) from ml.model_metrics where model = ? "
        "and version = ? and cohort = 'test' and candidate in ('served', 'gate') group by metric",
        [name, number],
    )
    return {str(metric): float(value) for metric, value in found.fetchall()}


def write(
    con: duckdb.DuckDBPyConnection,
    name: str,
    number: str,
    moment: datetime,
    trained: Trained | None,
    scoring: list[Metric] | None = None,
    predictions: pl.DataFrame | None = None,
    watches: tuple[Monitor, ...] = (),
    tables: Mapping[str, pl.DataFrame] = MappingProxyType({}),
) -> None:
    """Put a run on record in one transaction; the same run again changes nothing.

    Without predictions only what was trained is put on record. With `trained`, its registry row, metrics and bins
    replace those of the same model and moment: one version speaks for a moment, the one trained last. `tables` are
    those that the model keeps beside its predictions; each is replaced whole, unless it speaks of a later moment.
    """
    key = {"model": name, "version": number, "as_of": naive(moment)}
    with transaction(con):
        if trained:
            for table in ("model_registry", "model_metrics", "calibration_bins"):
                con.execute(
                    f"delete from {ident('ml', table)} where model = ? and as_of = ?",
                    [name, key["as_of"]],
                )
            _insert(con, "model_registry", key, _registry_row(number, name, trained))
            _insert(con, "model_metrics", key, _metric_rows(list(trained.metrics)))
            _insert(con, "calibration_bins", key, trained.bins)
        if scoring is None or predictions is None:
            return
        con.execute(
            "delete from ml.model_metrics where model = ? and as_of = ? and cohort in ('scored', 'drift')",
            [name, key["as_of"]],
        )
        _insert(con, "model_metrics", key, _metric_rows(scoring))
        con.execute("delete from ml.monitors where model = ? and as_of = ?", [name, key["as_of"]])
        _insert(con, "monitors", key, _monitor_rows(watches))
        _replace_predictions(con, key, predictions)
        for table, rows_ in tables.items():
            _replace_table(con, table, key, rows_)


def _replace_table(
    con: duckdb.DuckDBPyConnection, table: str, key: dict[str, Any], fresh: pl.DataFrame
) -> None:
    name = ident("ml", table)
    later = con.execute(f"select 1 from {name} where as_of > ? limit 1", [key["as_of"]]).fetchall()
    if later:
        return
    con.execute(f"delete from {name}")
    con.register("fresh_table", fresh.to_arrow())
    con.execute(
        f"insert into {name} by name select ? as version, ? as as_of, * from fresh_table",
        [key["version"], key["as_of"]],
    )
    con.unregister("fresh_table")


def _registry_row(number: str, name: str, trained: Trained) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "is_promoted": [trained.is_promoted],
            "verdict": [trained.verdict],
            "artifact": [f"{name}/{number}"],
            "trained_rows": [trained.trained_rows],
            "positives": [trained.positives],
            "window_start": pl.Series([trained.window_start], dtype=pl.Datetime("us")),
            "window_end": pl.Series([trained.window_end], dtype=pl.Datetime("us")),
            "features": [json.dumps(list(trained.features))],
            "params": [json.dumps(dict(trained.params), sort_keys=True)],
        }
    )


def _metric_rows(found: list[Metric]) -> pl.DataFrame:
    kinds = {"cohort": pl.String, "candidate": pl.String, "metric": pl.String, "value": pl.Float64}
    return pl.DataFrame(found, schema=kinds, orient="row")


def _monitor_rows(watches: tuple[Monitor, ...]) -> pl.DataFrame:
    kinds = {
        "monitor": pl.String,
        "is_held": pl.Boolean,
        "is_well": pl.Boolean,
        "value": pl.Float64,
        "seen": pl.String,
    }
    return pl.DataFrame(list(watches), schema=kinds, orient="row")


def _insert(
    con: duckdb.DuckDBPyConnection, table: str, key: dict[str, Any], rows: pl.DataFrame
) -> None:
    if rows.is_empty():
        return
    con.register("fresh", rows.to_arrow())
    names_ = list(rows.columns)
    con.execute(
        f"insert into {ident('ml', table)} ({columns([*key, *names_])}) "
        f"select ?, ?, ?, {columns(names_)} from fresh",
        list(key.values()),
    )
    con.unregister("fresh")


def _replace_predictions(
    con: duckdb.DuckDBPyConnection, key: dict[str, Any], rows: pl.DataFrame
) -> None:
    """Keep the newest prediction of each entity: older ones go, newer ones stay."""
    if rows.is_empty():
        return
    con.register("fresh", rows.to_arrow())
    con.execute(
        "delete from ml.predictions where model = ? and as_of <= ? "
        "and entity_id in (select entity_id from fresh)",
        [key["model"], key["as_of"]],
    )
    names_ = list(rows.columns)
    con.execute(
        f"insert into ml.predictions ({columns([*key, *names_])}) "
        f"select ?, ?, ?, {columns(names_, 'f')} from fresh as f where f.entity_id not in "
        "(select entity_id from ml.predictions where model = ?)",
        [*key.values(), key["model"]],
    )
    con.unregister("fresh")
