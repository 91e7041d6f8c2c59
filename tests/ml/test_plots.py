"""Pictures are PNG, the same every time, and say so when there is nothing to show."""

from __future__ import annotations

import polars as pl

from ml import plots
from ml.metrics import bins
from ml.models.send_hour import MODEL
from ml.result import BINS, Metric
from tests.ml.synthetic import AS_OF, hours, rows

PNG = b"\x89PNG\r\n"


def test_reliability_is_drawn_the_same_every_time() -> None:
    """With bins, and without any."""
    y = rows(500)["y"].cast(pl.Float64).to_numpy()
    table = bins(y, rows(500)["x"].rank().to_numpy() / 501)

    assert plots.reliability(table, "a").startswith(PNG)
    assert plots.reliability(table, "a") == plots.reliability(table, "a")
    assert plots.reliability(pl.DataFrame(schema=BINS), "a").startswith(PNG)


def test_the_send_hour_curve_is_drawn_from_the_recorded_metrics() -> None:
    """Twenty-four rows of candidate 'curve' are what it needs."""
    contacts, table, _ = hours()
    found = MODEL.train({"contacts": contacts, "hours": table}, AS_OF).metrics
    frame = pl.DataFrame(found, schema=list(Metric._fields), orient="row")

    assert frame.filter(pl.col("candidate") == "curve").height == 24
    assert plots.send_hours(frame, "b", (6, 22)).startswith(PNG)
