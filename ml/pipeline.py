"""Runs one model: a short read, training and scoring without the warehouse's lock, a short write."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import duckdb
import polars as pl

from ml import champion, monitor, registry
from ml.result import Files, Frames, Keeping, Metric, Model, Monitor, Outcome, Trained, Watched
from ml.spec import Spec
from warehouse.clock import aware
from warehouse.connection import connect
from warehouse.internal import ensure
from warehouse.settings import Settings

CHECKSUM_DIGITS = 12  # 48 bits are exact in a double


def run(settings: Settings, name: str, as_of: datetime, *, force: bool = False) -> Outcome:
    """Train if due, score, and write the ml tables; does nothing when nothing changed since the last run.

    Trains when the declaration changed, when there is no promoted version, when the newest one is older than
    `spec.retrain_days`, or when other rows are given for the same moment; else the newest version scores. `force`
    trains and writes in any case. Raises ModelError when a relation lacks a column, and BusyError from the lock.
    """
    model = registry.model(name)
    with connect(settings) as con:
        ensure(con, {})
        frames = read(con, model)
        last = registry.latest(con, name, as_of)
        done = registry.scored(con, name, last["version"], as_of) if last else set()
        figures = registry.metrics(con, name, last["version"]) if last else {}
        held = registry.rows(con, name)
        before = monitor.reference(con, name, as_of)
        watches = tuple(registry.monitors(con, name))
    checksum = input_checksum(frames)
    known = last if last and registry.has_files(settings, name, last["version"]) else None
    same_spec = bool(known and known["params"].get("spec") == registry.spec_digest(model.spec))
    if known and same_spec and checksum in done and not force:
        return _outcome(name, known, held, figures, watches, skipped=True)
    if known and same_spec and not force and not _due(model, known, frames, as_of):
        trained, number = None, str(known["version"])
        files = registry.load(settings, name, number)
    else:
        trained, number = train(model, frames, as_of)
        files = trained.files
        registry.save(settings, name, number, files)
        held_up = champion.defend(
            settings, model, known if same_spec else None, trained, frames, as_of
        )
        if held_up:
            with connect(settings) as con:
                registry.write(con, name, number, as_of, champion.challenger(trained, held_up))
            files, number, trained = held_up.files, held_up.version, None
    predictions = score(model, files, frames, as_of)
    drifted, watches = _watch(model, files, frames, as_of, known if trained is None else None)
    watches = (monitor.distribution(predictions, model.spec, before), *watches)
    tables = model.tables(files, frames, as_of) if isinstance(model, Keeping) else {}
    with connect(settings) as con:
        ensure(con, {})
        scoring = [*scoring_metrics(predictions, checksum, model.spec), *drifted]
        registry.write(con, name, number, as_of, trained, scoring, predictions, watches, tables)
        figures = registry.metrics(con, name, number)
    facts = known if trained is None else _facts(trained, number)
    return _outcome(
        name, facts or {}, predictions.height, figures, watches, retrained=trained is not None
    )


def _watch(
    model: Model, files: Files, frames: Frames, as_of: datetime, version: dict[str, Any] | None
) -> tuple[list[Metric], tuple[Monitor, ...]]:
    """Drift of features and the truth of what an earlier `version` says, where the model can be asked."""
    if not isinstance(model, Watched):
        return [], ()
    moved = model.drift(frames, as_of)
    since = aware(version["as_of"]) if version else None
    known = model.outcomes(files, frames, since, as_of) if since and since < as_of else None
    metrics = [
        Metric("drift", feature, name, value)
        for feature, one in moved.items()
        for name, value in (("psi", one.psi), ("usual", one.usual), ("excess", one.excess))
    ]
    return metrics, (monitor.drift(moved), monitor.calibration(known))


def read(con: duckdb.DuckDBPyConnection, model: Model) -> dict[str, pl.DataFrame]:
    """The frames that the model asks for."""
    return {name: _frame(con, query) for name, query in model.queries().items()}


def _frame(con: duckdb.DuckDBPyConnection, query: str) -> pl.DataFrame:
    return pl.DataFrame(con.sql(query).to_arrow_table())


def train(model: Model, frames: Frames, as_of: datetime) -> tuple[Trained, str]:
    """The trained model and its version; the same frames, spec and moment give the same bytes."""
    digest = model.digest(frames, as_of)
    trained = model.train(frames, as_of)
    asked = model.backtest(frames, as_of) if isinstance(model, Watched) else []
    params = {**trained.params, "spec": registry.spec_digest(model.spec), "data": digest}
    metrics = (*trained.metrics, *asked)
    return replace(trained, params=params, metrics=metrics), registry.version(model.spec, digest)


def score(model: Model, files: Files, frames: Frames, as_of: datetime) -> pl.DataFrame:
    """One row per entity to score; a trained model and a loaded one are the same thing here."""
    return model.score(files, frames, as_of)


def input_checksum(frames: Frames) -> float:
    """A whole number that stands for everything that was read; the order of rows does not matter.

    It only has to notice change, so it may differ between versions of polars.
    """
    parts = []
    for name in sorted(frames):
        frame = frames[name].select(sorted(frames[name].columns))
        total = int(frame.hash_rows(seed=0).cast(pl.Int128).sum() or 0)
        parts.append(f"{name} {frame.schema} {frame.height} {total}")
    whole = hashlib.sha256("|".join(parts).encode()).hexdigest()
    return float(int(whole[:CHECKSUM_DIGITS], 16))


def scoring_metrics(predictions: pl.DataFrame, checksum: float, spec: Spec) -> list[Metric]:
    """What was scored, for watching drift, and the checksum by which the next run knows."""
    found = {
        "input_checksum": checksum,
        "rows": float(predictions.height),
        "fallback_rows": float(predictions["is_fallback"].sum()),
        "value_mean": predictions["value"].mean(),
    }
    return [
        Metric("scored", "served", name, float(value))
        for name, value in found.items()
        if isinstance(value, float)
    ] + monitor.shape(predictions, spec).metrics()


def _due(model: Model, last: dict[str, Any], frames: Frames, as_of: datetime) -> bool:
    """Whether to train rather than to score with the last version."""
    if model.digest(frames, as_of) == last["params"].get("data"):
        return False
    age = as_of - aware(last["as_of"])
    fresh = timedelta(0) < age < timedelta(days=model.spec.retrain_days)
    return not (last["is_promoted"] and fresh)


def _facts(trained: Trained, number: str) -> dict[str, Any]:
    return {"version": number, "verdict": trained.verdict, "is_promoted": trained.is_promoted}


def _outcome(
    name: str,
    facts: dict[str, Any],
    rows: int,
    figures: dict[str, float],
    watches: tuple[Monitor, ...] = (),
    *,
    skipped: bool = False,
    retrained: bool = False,
) -> Outcome:
    return Outcome(
        model=name,
        version=str(facts["version"]),
        verdict=str(facts["verdict"]),
        is_promoted=bool(facts["is_promoted"]),
        rows=rows,
        metrics=figures,
        fallback_reason=None if facts["is_promoted"] else str(facts["verdict"]),
        skipped=skipped,
        retrained=retrained,
        monitors=watches,
    )
