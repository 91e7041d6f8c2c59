"""Draws one trained version beside its artifact: reliability where it gives probabilities, else the hour curve."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from ml import plots
from warehouse.connection import connect
from warehouse.settings import Settings


def draw(settings: Settings, name: str, version: str) -> Path | None:
    """Write `picture.png` into the version's folder below `settings.models`.

    Returns its path, or None when the version has neither calibration bins nor an hour curve. The same version gives
    the same bytes.
    """
    with connect(settings) as con:
        bins = _rows(con.execute(
            "select bin, predicted_mean, observed_rate, row_count from ml.calibration_bins "
            "where model = ? and version = ? order by bin",
            [name, version],
        ).fetchall(), ("bin", "predicted_mean", "observed_rate", "row_count"))  # fmt: skip
        metrics = _rows(con.execute(
            "select cohort, candidate, metric, value from ml.model_metrics "
            "where model = ? and version = ? and candidate = 'curve' order by metric",
            [name, version],
        ).fetchall(), ("cohort", "candidate", "metric", "value"))  # fmt: skip
    if bins.height:
        png = plots.reliability(bins, f"{name}: what was said, what happened")
    elif metrics.height:
        png = plots.send_hours(metrics, f"{name}: answers by hour")
    else:
        return None
    path = settings.models / name / version / "picture.png"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(png)
    return path


def _rows(rows: list[tuple[object, ...]], names: tuple[str, ...]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema=list(names), orient="row", infer_schema_length=None)
