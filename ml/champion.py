"""Champion and challenger: a version that served well is not pushed out by one that learned nothing.

A challenger is what a retrain gives. Where it passes the skill gate, it serves. Where it does not, the champion goes on
serving as long as it still beats its fallback on outcomes that became known after it was trained; else the fallback
does.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import polars as pl

from ml import registry
from ml.gate import judge
from ml.metrics import losses
from ml.result import Files, Frames, Model, Trained, Watched
from warehouse.clock import aware
from warehouse.settings import Settings

FEWEST_OUTCOMES = 100


@dataclass(frozen=True)
class Champion:
    """A version that keeps its place, and why."""

    version: str
    files: Files
    verdict: str


def defend(
    settings: Settings,
    model: Model,
    last: Mapping[str, Any] | None,
    trained: Trained,
    frames: Frames,
    as_of: datetime,
) -> Champion | None:
    """The promoted version `last` where it keeps its place against `trained`, else None."""
    if (
        trained.is_promoted
        or last is None
        or not last["is_promoted"]
        or not isinstance(model, Watched)
    ):
        return None
    version, since = str(last["version"]), aware(last["as_of"])
    if since >= as_of:
        return None
    files = registry.load(settings, model.spec.name, version)
    known = model.outcomes(files, frames, since, as_of)
    known = known.filter(pl.col("p").is_not_nan() & pl.col("fallback").is_not_nan())
    if known["y"].n_unique() < 2 or known.height < FEWEST_OUTCOMES:
        return None
    y, p, fallback = (known[name].to_numpy() for name in ("y", "p", "fallback"))
    gate = judge(losses(y, p), losses(y, fallback), known["entity"].to_numpy(), model.spec.seed)
    if not gate.passed:
        return None
    return Champion(version, files, f"{version} goes on serving ({gate.verdict})")


def challenger(trained: Trained, champion: Champion) -> Trained:
    """What the registry keeps of a challenger that does not serve."""
    params = {**trained.params, "role": "challenger"}
    return replace(trained, params=params, verdict=f"{trained.verdict}; {champion.verdict}")
