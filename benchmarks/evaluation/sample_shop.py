"""The sample shop at 100,000 contacts, whose chances are planted: how near each model comes to who knows them.

The shop is generated and built, or read where EVALUATE_HOME holds one. Win probability speaks as it would have before
the newest 30 % of its rows, and the truth is on file: `gap_closed` is how much of the way from the constant to the
oracle's log loss a model goes. The oracle knows the planted chance, not the age. The others judge themselves, at past
origins, beside their fallback. EVALUATE_CONTACTS makes the shop smaller.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import polars as pl

from benchmarks import shop
from benchmarks.judged import Bar, Judged, scores
from ml import ladder, pipeline, registry
from ml.frames import ENTITY, LABEL, TIME
from ml.learner import training_rows
from ml.metrics import Floats, losses
from ml.tabular import TabularModel
from ml.value import ValueModel
from warehouse import builds, clock
from warehouse.connection import connect
from warehouse.contract import contracts
from warehouse.internal import ensure, set_clock
from warehouse.load import load_table
from warehouse.manifest import load_manifest
from warehouse.settings import Settings
from warehouse.transform import build

NEEDS: tuple[str, ...] = ()
CONTACTS = 100_000
PLANTED, STAGE = "win_probability", "stage"


def evaluate(data: Path) -> Iterator[Judged]:
    """See benchmarks.evaluation; `data` is not read."""
    contacts = int(os.environ.get("EVALUATE_CONTACTS", CONTACTS))
    with tempfile.TemporaryDirectory(prefix="millrace-evaluate-") as fresh:
        home = Path(os.environ.get("EVALUATE_HOME", fresh))
        settings = built(home, contacts)
        for name in registry.names():
            model = registry.model(name)
            if name == PLANTED and isinstance(model, TabularModel):
                yield planted(settings, model, contacts)
            elif isinstance(model, TabularModel | ValueModel):
                yield rehearsed(settings, model, contacts)


def built(home: Path, contacts: int) -> Settings:
    """A warehouse below `home` with what the models read, made unless it is there."""
    settings = shop.settings(home)
    if (home / "built").exists():
        return settings
    cache = os.environ.get("BENCH_CACHE")
    shop.land(home, Path(cache) if cache else None, contacts)
    manifest = load_manifest(settings)
    known = contracts(manifest)
    with connect(settings) as con:
        ensure(con, known)
        set_clock(con, shop.AS_OF)
        for contract in known.values():
            for result in load_table(con, settings, contract, clock.now()):
                assert result.rows_quarantined == 0, result
        current = builds.fingerprints(con, settings, manifest)
    wanted = manifest.with_inputs(
        {r.split(".")[1] for n in registry.names() for r in registry.spec(n).relations}
    )
    failed = [r for r in build(settings, wanted, unit_tests=False) if not r.passed]
    if failed:
        raise SystemExit("\n".join(f"{result.name}: {result.message}" for result in failed))
    with connect(settings) as con:
        builds.record(con, current, wanted, clock.now())
    (home / "built").touch()
    return settings


def planted(settings: Settings, model: TabularModel, contacts: int) -> Judged:
    """What the model would have served for later rows, beside its fallback, the rate of one column, the constant."""
    with connect(settings) as con:
        frames = pipeline.read(con, model)
    spec, rows = model.spec, model.rows(frames)
    mature, _ = training_rows(rows, spec, shop.AS_OF)
    moment = int(np.quantile(mature[TIME].to_numpy(), 0.7, method="nearest"))
    time = pl.col(spec.time).cast(pl.Datetime("us")).to_physical()
    last = int(mature[TIME].max())  # type: ignore[arg-type]
    later = rows.filter((time > moment) & (time <= last) & pl.col(spec.label).is_not_null())
    then = datetime.fromtimestamp(moment / 1e6, UTC)
    known = rows.filter(time <= moment)
    own, fallback = model.served(known, later, then)
    past, _ = training_rows(known, spec, then)
    y = np.asarray(later[spec.label].cast(pl.Float64).to_numpy())
    outcomes = ladder.outcomes(past, spec.fallback).group_by(ENTITY).agg(pl.col(LABEL).max())
    base = float(outcomes[LABEL].mean())  # type: ignore[arg-type]
    rates = ladder.fit(past, replace(spec.fallback, levels=((STAGE,),)))
    baselines = {
        "constant": scores(y, np.full(len(y), base)),
        "rate by stage": scores(y, rates.values(later)[0]),
        "fallback": scores(y, fallback),
    }
    figures = {**scores(y, own), "rows": float(len(y))}
    truth = _truth(settings, later)
    if truth is not None:
        baselines["oracle"] = scores(y, truth)
        for name, p in {"own": own, "fallback": fallback}.items():
            part = figures if name == "own" else baselines[name]
            part["gap_closed"] = _gap(y, p, base, truth)  # type: ignore[index]
    skill = 1 - figures["log_loss"] / baselines["fallback"]["log_loss"]
    figures["skill"] = skill
    said = f"learned as of {then:%Y-%m-%d}, log loss {-skill:+.1%} against its fallback on {len(y):,} later rows"
    return Judged(
        f"sample_shop_{contacts}", spec.name, said, figures, baselines, (Bar("skill", ">=", 0.02),)
    )


def rehearsed(settings: Settings, model: TabularModel | ValueModel, contacts: int) -> Judged:
    """The figures by which the model judges itself: told at past origins, beside its fallback and the constant."""
    with connect(settings) as con:
        frames = pipeline.read(con, model)
    trained = model.train(frames, shop.AS_OF)
    found: dict[str, dict[str, float]] = {}
    for metric in trained.metrics:
        if metric.cohort == "test":
            found.setdefault(metric.candidate, {})[metric.metric] = metric.value
    figures = {**found.pop("served", {}), "promoted": float(trained.is_promoted)}
    found.pop("gate", None)
    bars = (Bar("promoted", ">=", 1),)
    return Judged(f"sample_shop_{contacts}", model.spec.name, trained.verdict, figures, found, bars)


def _gap(y: Floats, p: Floats, base: float, truth: Floats) -> float:
    constant = float(losses(y, np.full(len(y), base)).mean())
    oracle, own = float(losses(y, truth).mean()), float(losses(y, p).mean())
    return (constant - own) / max(constant - oracle, 1e-9)


def _truth(settings: Settings, rows: pl.DataFrame) -> Floats | None:
    """Each row's planted chance, from the files beside the landing folder or the cache."""
    cache = os.environ.get("BENCH_CACHE")
    contacts = int(os.environ.get("EVALUATE_CONTACTS", CONTACTS))
    homes = [settings.home / "generated" / f"shop-{contacts}-{shop.SEED}"]
    homes += [Path(cache) / f"shop-{contacts}-{shop.SEED}"] if cache else []
    for home in homes:
        files = sorted((home / "shop" / "truth").glob("deals_*.parquet"))
        if files:
            truth = pl.concat(
                [pl.read_parquet(f, columns=["deal_id", "true_win_probability"]) for f in files]
            )
            joined = rows.select("deal_id").join(
                truth, on="deal_id", how="left", maintain_order="left"
            )
            return np.asarray(joined["true_win_probability"].to_numpy())
    return None
