"""Pictures of a model card, as PNG bytes: lift, what was said and came week by week, and drift of features."""

from __future__ import annotations

import numpy as np
import polars as pl

from ml.monitor import DRIFTED_PSI
from ml.plots import FAINT, INK, LINE, _canvas, _png

MOST_FEATURES = 14
ALARM = "#c92a2a"


def lift(bins: pl.DataFrame, title: str) -> bytes:
    """Of all successes, the share among the highest scores; `bins` as ml.calibration_bins of one version."""
    figure, axes = _canvas(title, "share of rows, highest first", "share of successes among them")
    ordered = bins.sort("predicted_mean", descending=True)
    rows, hits = (
        ordered["row_count"].to_numpy(),
        (ordered["row_count"] * ordered["observed_rate"]).to_numpy(),
    )
    share = np.concatenate([[0.0], rows.cumsum() / rows.sum()])
    found = np.concatenate([[0.0], hits.cumsum() / max(hits.sum(), 1e-9)])
    axes.plot([0, 1], [0, 1], color=FAINT, linestyle="--", linewidth=1, label="at random")
    axes.plot(share, found, color=LINE, linewidth=2, marker="o", markersize=4, label="by score")
    tenth = float(np.interp(0.1, share, found))
    words = f"top tenth: {tenth / 0.1:.1f} times the mean"
    axes.annotate(words, (0.1, tenth), (0.2, max(0.05, tenth - 0.12)), color=INK)
    axes.set_xlim(0, 1)
    axes.set_ylim(0, 1)
    axes.legend(frameon=False, loc="lower right")
    return _png(figure)


def weeks(metrics: pl.DataFrame, title: str) -> bytes:
    """Predicted beside observed rate, week by week, of a model that learned before them; `metrics` of one version."""
    figure, axes = _canvas(title, "week", "rate")
    table = metrics.filter(pl.col("cohort").str.starts_with("week "))
    table = table.filter((pl.col("candidate") == "served") | (pl.col("metric") == "log_loss"))
    wide = table.with_columns(key=pl.format("{} {}", "candidate", "metric")).pivot(
        on="key", index="cohort", values="value", aggregate_function="first"
    )
    wide = wide.sort("cohort")
    place = np.arange(wide.height)
    said, came = (wide[f"served {name}"].to_numpy() for name in ("predicted_mean", "observed_rate"))
    spread = 1.645 * np.sqrt(np.clip(said * (1 - said), 0, None) / wide["served rows"].to_numpy())
    axes.fill_between(place, said - spread, said + spread, color=LINE, alpha=0.15, linewidth=0)
    axes.plot(place, said, color=LINE, linewidth=2, label="said")
    axes.plot(place, came, color=INK, linewidth=0, marker="o", markersize=5, label="happened")
    won = (wide["served log_loss"] < wide["fallback log_loss"]).to_numpy()
    axes.set_xlabel(f"week; better than the fallback in {int(won.sum())} of {len(won)}")
    axes.set_xticks(place, [name.removeprefix("week ")[5:] for name in wide["cohort"]], rotation=45)
    axes.set_ylim(0, max(0.05, float(np.nanmax([said.max(), came.max()])) * 1.25))
    axes.legend(frameon=False, loc="upper left")
    return _png(figure)


def drift(metrics: pl.DataFrame, title: str) -> bytes:
    """PSI of the features that moved most, beside how far they usually lie; in red what somebody should look at."""
    figure, axes = _canvas(title, "PSI: rows scored now against rows learned from", "")
    table = metrics.filter(pl.col("cohort") == "drift")
    wide = table.pivot(
        on="metric", index="candidate", values="value", aggregate_function="first"
    ).sort("excess", "psi", "candidate", descending=[True, True, False])
    top = wide.head(MOST_FEATURES).reverse()
    names, values = top["candidate"].to_list(), top["psi"].to_numpy()
    colours = [ALARM if value > DRIFTED_PSI else LINE for value in top["excess"]]
    axes.barh(names, values, color=colours)
    axes.plot(top["usual"].to_numpy(), names, "|", color=INK, markersize=12, label="usually up to")
    axes.legend(frameon=False)
    axes.set_xlim(
        0, max(0.3, float(values.max()) * 1.1, float(top["usual"].to_numpy().max()) * 1.1)
    )
    return _png(figure)


def months(metrics: pl.DataFrame, title: str) -> bytes:
    """sum(p × amount) of what was open in each month, by the model and by its fallback, beside what came true."""
    figure, axes = _canvas(title, "month", "millions")
    table = metrics.filter(
        pl.col("cohort").str.starts_with("month ") & (pl.col("metric") == "amount")
    )
    wide = table.pivot(
        on="candidate", index="cohort", values="value", aggregate_function="first"
    ).sort("cohort")
    place = np.arange(wide.height)
    for step, (name, colour, label) in enumerate(
        (
            ("served", LINE, "expected"),
            ("fallback", FAINT, "by the fallback"),
            ("came_true", INK, "came true"),
        )
    ):
        axes.bar(
            place + 0.27 * (step - 1), wide[name].to_numpy() / 1e8, 0.25, color=colour, label=label
        )
    axes.set_xticks(place, [name.removeprefix("month ") for name in wide["cohort"]])
    axes.set_ylim(0, 1.25 * axes.get_ylim()[1])
    axes.legend(frameon=False, ncols=3, loc="upper center")
    return _png(figure)
