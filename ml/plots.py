"""Pictures of what the ml tables say, as PNG bytes: reliability, and the send-hour curve."""

from __future__ import annotations

import io

import numpy as np
import polars as pl
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

SIZE_INCHES, DPI = (6.0, 5.0), 120
INK, LINE, FAINT = "#1f2933", "#0b7285", "#9aa5b1"


def reliability(bins: pl.DataFrame, title: str) -> bytes:
    """Predicted against observed rate, one dot per bin, its area the number of rows.

    `bins` has the columns predicted_mean, observed_rate and row_count of ml.calibration_bins, for one model, version
    and moment. Bars are 90 % intervals of a perfectly calibrated model's rate in that bin, were all rows independent.
    """
    figure, axes = _canvas(title, "predicted", "observed")
    axes.plot(
        [0, 1], [0, 1], color=FAINT, linestyle="--", linewidth=1, label="perfectly calibrated"
    )
    if bins.height:
        said = bins["predicted_mean"].to_numpy()
        size = bins["row_count"].to_numpy()
        spread = 1.645 * np.sqrt(np.clip(said * (1 - said), 0, None) / np.maximum(size, 1))
        axes.errorbar(said, said, yerr=spread, fmt="none", ecolor=FAINT, elinewidth=3, alpha=0.5)
        area = 20 + 120 * size / size.max()
        axes.scatter(said, bins["observed_rate"].to_numpy(), s=area, color=LINE, zorder=3)
        axes.plot(said, bins["observed_rate"].to_numpy(), color=LINE, linewidth=1, alpha=0.6)
    else:
        axes.text(0.5, 0.6, "nothing measured yet", ha="center", color=INK)
    axes.set_xlim(0, 1)
    axes.set_ylim(0, 1)
    axes.legend(frameon=False, loc="upper left")
    return _png(figure)


def lift(deciles: pl.DataFrame, title: str) -> bytes:
    """What happened in each tenth of the rows, most likely first, beside everybody's rate and the share captured.

    `deciles` has the columns decile, row_count, observed_rate and captured of ml.result.LIFT.
    """
    figure, axes = _canvas(title, "tenth of the rows by what was said", "observed rate")
    if deciles.height:
        at = deciles["decile"].to_numpy()
        rate = deciles["observed_rate"].to_numpy()
        size = deciles["row_count"].to_numpy()
        everybody = float((rate * size).sum() / size.sum())
        axes.bar(at, rate, color=LINE, width=0.8)
        axes.axhline(everybody, color=FAINT, linestyle="--", linewidth=1)
        axes.text(
            len(at) + 0.5, everybody, f"all {everybody:.1%} ", ha="right", va="bottom", color=INK
        )
        for x, y, captured in zip(at, rate, deciles["captured"].to_numpy(), strict=True):
            axes.text(x, y, f"{captured:.0%}", ha="center", va="bottom", color=INK, fontsize=8)
        axes.set_ylim(0, max(float(rate.max()) * 1.12, 1e-6))
        axes.set_xticks(at)
        axes.set_xlabel("tenth of the rows by what was said (above: share of all successes so far)")
    else:
        axes.text(0.5, 0.6, "nothing measured yet", ha="center", color=INK)
    return _png(figure)


def send_hours(metrics: pl.DataFrame, title: str, eligible: tuple[int, int] = (0, 23)) -> bytes:
    """Everyone's chance of an answer by local hour of delivery, relative to the average hour.

    `metrics` has the columns of ml.model_metrics for one version; the rows of candidate 'curve' are drawn. Hours
    outside `eligible` (first, last) are shaded.
    """
    figure, axes = _canvas(title, "local hour of delivery", "answers, relative to the average hour")
    curve = metrics.filter((pl.col("candidate") == "curve") & (pl.col("cohort") == "everyone"))
    curve = curve.sort("metric")
    axes.axhline(1.0, color=FAINT, linestyle="--", linewidth=1)
    if curve.height:
        hours = curve["metric"].str.strip_prefix("hour_").cast(pl.Int64).to_numpy()
        values = curve["value"].to_numpy()
        best = hours[np.where((hours >= eligible[0]) & (hours <= eligible[1]), values, -1).argmax()]
        colours = [LINE if hour == best else FAINT for hour in hours]
        axes.bar(hours, values, color=colours, width=0.8)
        axes.set_ylim(0, float(values.max()) * 1.12)
        axes.text(best, float(values.max()) * 1.03, f"{best:02}:00", ha="center", color=LINE)
    for start, end in ((-0.5, eligible[0] - 0.5), (eligible[1] + 0.5, 23.5)):
        if end > start:
            axes.axvspan(start, end, color=INK, alpha=0.07, linewidth=0)
    axes.set_xlim(-0.5, 23.5)
    axes.set_xticks(range(0, 24, 3))
    return _png(figure)


def _canvas(title: str, x: str, y: str) -> tuple[Figure, Axes]:
    figure = Figure(figsize=SIZE_INCHES, dpi=DPI, layout="constrained")
    axes = figure.add_subplot()
    axes.set_title(title, loc="left", fontsize=11, color=INK)
    axes.set_xlabel(x)
    axes.set_ylabel(y)
    axes.spines[["top", "right"]].set_visible(False)
    return figure, axes


def _png(figure: Figure) -> bytes:
    """The same figure gives the same bytes: no date, no version of the software inside."""
    buffer = io.BytesIO()
    FigureCanvasAgg(figure)
    figure.savefig(buffer, format="png", metadata={"Software": None})
    return buffer.getvalue()
