"""Watches what a model says: has the distribution of its scores broken, do its features drift, did its words come true?

The first of these holds activations back (`is_held`): syncs that read the score wait until it is mended, or until
somebody accepts what it says now. The other two warn. PSI is the population stability index, the sum of
(now − before) × ln(now / before) over bins.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import duckdb
import numpy as np
import polars as pl
from scipy.special import logit

from ml.metrics import Floats, effective_size
from ml.result import Metric, Monitor, Moved
from ml.spec import Spec
from warehouse.clock import naive

DISTRIBUTION, DRIFT, CALIBRATION = "distribution", "drift", "calibration"
MONITORS = (DISTRIBUTION, DRIFT, CALIBRATION)
BROKEN_PSI, DRIFTED_PSI = 0.5, 0.25
FEWEST_ROWS, FEWEST_OUTCOMES = 100, 50
SURPRISE = 3.0  # standard errors between what was said and what happened
BINS = 12
SHAPE = "shape"


@dataclass(frozen=True)
class Shape:
    """How scores were spread at one moment: shares by bin, rows, different values, and who answered."""

    shares: tuple[float, ...]
    rows: int
    distinct: int
    is_fallback: bool
    as_of: datetime | None = None

    def metrics(self) -> list[Metric]:
        """As rows of ml.model_metrics."""
        found = {f"bin_{number:02}": share for number, share in enumerate(self.shares)}
        found |= {"rows": float(self.rows), "distinct": float(self.distinct)}
        found["is_fallback"] = float(self.is_fallback)
        return [Metric("scored", SHAPE, name, value) for name, value in found.items()]


def shape(predictions: pl.DataFrame, spec: Spec) -> Shape:
    """The spread of `predictions`, in bins that are the same at every moment."""
    values = predictions["value"].drop_nulls().to_numpy()
    finite = values[np.isfinite(values)]
    counts = np.bincount(_bin(finite, spec), minlength=BINS).astype(np.float64)
    shares = counts / max(1.0, counts.sum())
    share = predictions["is_fallback"].cast(pl.Float64).mean()
    return Shape(
        tuple(float(value) for value in shares),
        len(values),
        len(np.unique(values)),
        isinstance(share, float) and share > 0.99,
    )


def reference(con: duckdb.DuckDBPyConnection, name: str, moment: datetime) -> Shape | None:
    """The newest shape before `moment` that was not held back."""
    rows = con.execute(
        "select metric, value, as_of from ml.model_metrics where model = ? and cohort = 'scored' "
        "and candidate = 'shape' and as_of = (select max(as_of) from ml.monitors where model = ? "
        "and monitor = 'distribution' and not is_held and as_of < ?)",
        [name, name, naive(moment)],
    ).fetchall()
    if not rows:
        return None
    found = {str(metric): float(value) for metric, value, _ in rows}
    shares = tuple(found[f"bin_{number:02}"] for number in range(BINS))
    told = (int(found["rows"]), int(found["distinct"]), bool(found["is_fallback"]))
    return Shape(shares, *told, as_of=rows[0][2])


def distribution(predictions: pl.DataFrame, spec: Spec, before: Shape | None) -> Monitor:
    """Held when scores are no numbers, out of bounds, all gone, all alike, or spread unlike the last accepted ones."""
    now = shape(predictions, spec)
    values = predictions["value"].drop_nulls()
    low, high = spec.bounds
    wrong = int((~(values.is_finite() & values.is_between(low, high))).sum())
    if wrong:
        return _held(
            float(wrong),
            f"{wrong:,} of {predictions.height:,} scores lie outside {low:g} to {high:g}",
        )
    if before is None:
        return Monitor(DISTRIBUTION, False, True, None, "nothing to compare with yet")
    since = f"those of {before.as_of:%Y-%m-%d %H:%M}" if before.as_of else "before"
    if before.rows >= FEWEST_ROWS and now.rows < before.rows / 2:
        return _held(float(now.rows), f"{now.rows:,} scores, after {before.rows:,} in {since}")
    if now.is_fallback != before.is_fallback:
        who = "the fallback answers now" if now.is_fallback else "the model answers now"
        return Monitor(DISTRIBUTION, False, True, None, f"not compared with {since}: {who}")
    if now.rows >= FEWEST_ROWS and now.distinct == 1 and before.distinct >= BINS:
        return _held(
            0.0,
            f"all {now.rows:,} scores are the same, after {before.distinct:,} values in {since}",
        )
    if min(now.rows, before.rows) < FEWEST_ROWS:
        return Monitor(
            DISTRIBUTION, False, True, None, f"fewer than {FEWEST_ROWS} scores: not compared"
        )
    moved = psi(np.array(now.shares), np.array(before.shares))
    words = f"PSI {moved:.2f} against {since}"
    if moved > BROKEN_PSI:
        return _held(
            moved, f"{words}, more than {BROKEN_PSI:g}: the scores are spread unlike before"
        )
    return Monitor(DISTRIBUTION, False, True, moved, words)


def drift(found: Mapping[str, Moved]) -> Monitor:
    """Warns of features whose values lie further from those learned from than chance and habit explain."""
    moved = {name: one for name, one in found.items() if one.excess > DRIFTED_PSI}
    names = ", ".join(
        f"{name} {one.psi:.2f} (usually up to {one.usual:.2f})"
        for name, one in sorted(moved.items(), key=lambda item: -item[1].excess)[:5]
    )
    if not found:
        return Monitor(
            DRIFT, False, True, None, "too few rows, or too short a history, to know what is usual"
        )
    most = max(max(0.0, one.psi - one.usual) for one in found.values())
    words = f"PSI unlike before: {names}" if moved else f"PSI at most {most:.2f} more than usual"
    return Monitor(DRIFT, False, not moved, most, words)


def calibration(outcomes: pl.DataFrame | None) -> Monitor:
    """Warns where what became known since training differs from what the version says of it; columns entity, y, p."""
    if outcomes is None or outcomes.height < FEWEST_OUTCOMES:
        known = 0 if outcomes is None else outcomes.height
        words = f"{known} outcomes since training, fewer than {FEWEST_OUTCOMES}"
        return Monitor(CALIBRATION, False, True, None, words)
    y, p = (outcomes[name].cast(pl.Float64).to_numpy() for name in ("y", "p"))
    size = effective_size(outcomes["entity"].to_numpy())
    error = float(np.sqrt(np.mean(p * (1 - p)) / max(1.0, size)))
    gap = float(y.mean() - p.mean())
    words = f"said {p.mean():.1%}, happened {y.mean():.1%} of {len(y):,} outcomes since training"
    return Monitor(CALIBRATION, False, abs(gap) <= SURPRISE * error, gap, words)


def psi(now: Floats, before: Floats) -> float:
    """Σ (now − before) ln(now / before) over shares, empty bins counted as one in ten thousand."""
    now, before = np.maximum(now, 1e-4), np.maximum(before, 1e-4)
    return float(((now - before) * np.log(now / before)).sum())


def held(con: duckdb.DuckDBPyConnection, name: str) -> dict[str, Any] | None:
    """The newest watch over the distribution, if it holds activations back."""
    rows = con.execute(
        "select as_of, version, seen from ml.monitors where model = ? and monitor = 'distribution' "
        "qualify row_number() over (order by as_of desc) = 1 and is_held",
        [name],
    ).fetchall()
    return dict(zip(("as_of", "version", "seen"), rows[0], strict=True)) if rows else None


def _held(value: float, words: str) -> Monitor:
    return Monitor(DISTRIBUTION, True, False, value, words)


def _bin(values: Floats, spec: Spec) -> np.ndarray:
    low, high = spec.bounds
    if np.isinf(high):  # amounts: half a power of ten each
        place = 2 * (np.log10(np.maximum(values, 1.0)))
    elif high <= 1:  # chances: three quarters of a log-odd each
        place = BINS / 2 + logit(np.clip(values, 1e-6, 1 - 1e-6)) / 0.75
    else:
        place = (values - low) / (high - low + 1) * BINS
    return np.asarray(np.clip(np.floor(place), 0, BINS - 1).astype(np.int64))
