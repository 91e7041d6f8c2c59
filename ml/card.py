"""A model card from the registry: what a version answers, how good it is, what it was learned from, and pictures."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import polars as pl

from ml import card_plots, plots, registry
from ml.errors import ModelError
from ml.result import Monitor
from ml.spec import Spec
from warehouse.connection import connect
from warehouse.internal import ensure
from warehouse.settings import Settings

SHOWN = (
    "log_loss", "auc", "brier", "ece", "deviance", "mae", "correlation", "total_ratio", "rows", "entities",
)  # fmt: skip


def write(settings: Settings, name: str, as_of: datetime) -> Path:
    """Write `card/card.md` and its pictures below the model's folder; returns the page's path.

    Raises ModelError when nothing was trained yet.
    """
    spec = registry.spec(name)
    with connect(settings) as con:
        ensure(con, {})
        version = registry.latest(con, name, as_of)
        if version is None:
            raise ModelError(f"{name} was never trained; run `millrace run score` first")
        key = [name, version["version"]]
        metrics = _frame(con.sql(
            "select cohort, candidate, metric, arg_max(value, as_of) as value from ml.model_metrics "
            "where model = ? and version = ? group by all order by all", params=key))  # fmt: skip
        bins = _frame(con.sql(
            "select bin, predicted_mean, observed_rate, row_count from ml.calibration_bins "
            "where model = ? and version = ? qualify as_of = max(as_of) over () order by bin", params=key))  # fmt: skip
        watches = registry.monitors(con, name)
        trials = con.execute(
            "select version, as_of, is_promoted, verdict, json_extract_string(params, '$.role') "
            "from ml.model_registry where model = ? order by as_of desc limit 8", [name]).fetchall()  # fmt: skip
    folder = settings.models / name / "card"
    folder.mkdir(parents=True, exist_ok=True)
    pictures = _pictures(folder, name, metrics, bins)
    text = "\n".join(_page(spec, version, metrics, watches, trials, pictures)) + "\n"
    path = folder / "card.md"
    path.write_text(text, encoding="utf-8")
    return path


def _page(
    spec: Spec,
    version: dict[str, Any],
    metrics: pl.DataFrame,
    watches: list[Monitor],
    trials: list[Any],
    pictures: list[str],
) -> list[str]:
    lines = [f"# {spec.name}", "", f"**{spec.question}** {spec.decision}.", ""]
    learned = f"Version `{version['version']}`, learned as of {version['as_of']:%Y-%m-%d %H:%M} UTC"
    seen = (
        f"{version['trained_rows']:,} rows, {version['positives']:,} {spec.minimum.positive_name}"
    )
    lines += [f"{learned} from {seen}.", ""]
    lines += [f"> {version['verdict']}", "", "## How good", "", *_scores(metrics), ""]
    lines += [f"![{name}]({name}.png)" for name in pictures]
    lines += ["", "## Watches", "", "| watch | state | seen |", "|---|---|---|"]
    for watch in watches:
        state = "**held**" if watch.is_held else ("well" if watch.is_well else "look")
        lines.append(f"| {watch.monitor} | {state} | {watch.seen} |")
    lines += ["", "## By part", "", *_parts(metrics), "", "## What it reads", ""]
    relations = ", ".join(f"`{relation}`" for relation in spec.relations)
    lines.append(
        f"From {relations}: {', '.join((*spec.numeric, *spec.categorical)) or 'all of it'}."
    )
    levels = " → ".join(" × ".join(level) for level in reversed(spec.fallback.levels))
    lines += [
        "",
        f"Without it: {levels or 'the simple thing'} → all → not yet calculated.",
        "",
        "## Versions",
        "",
    ]
    lines += ["| version | as of | serves | verdict |", "|---|---|---|---|"]
    for number, as_of, promoted, verdict, role in trials:
        serves = "challenger" if role else ("yes" if promoted else "fallback")
        lines.append(f"| `{number}` | {as_of:%Y-%m-%d} | {serves} | {verdict} |")
    params = {k: v for k, v in version["params"].items() if k not in ("spec", "data")}
    return [*lines, "", f"Settings: `{json.dumps(params, sort_keys=True)}`."]


def _scores(metrics: pl.DataFrame) -> list[str]:
    table = metrics.filter((pl.col("cohort") == "test") & pl.col("metric").is_in(SHOWN))
    if table.is_empty():
        return ["Nothing was measured: there was too little to learn from."]
    wide = table.pivot(on="metric", index="candidate", values="value", aggregate_function="first")
    names = [name for name in SHOWN if name in wide.columns]
    lines = [
        "On the newest rows, which nothing else looked at:",
        "",
        "| candidate | " + " | ".join(names) + " |",
    ]
    lines.append("|---" * (len(names) + 1) + "|")
    for row in wide.sort("candidate").iter_rows(named=True):
        cells = [_cell(n, row[n]) for n in names]
        lines.append(f"| {row['candidate']} | " + " | ".join(cells) + " |")
    return lines


def _cell(name: str, value: float | None) -> str:
    if value is None:
        return ""
    return f"{value:,.0f}" if name in ("rows", "entities") else f"{value:.4f}"


def _parts(metrics: pl.DataFrame) -> list[str]:
    wanted = ["log_loss", "observed_rate", "predicted_mean", "rows"]
    table = metrics.filter(pl.col("cohort").str.contains(": ") & pl.col("metric").is_in(wanted))
    if table.is_empty():
        return ["No part has enough entities to say something of it."]
    wide = table.with_columns(key=pl.format("{} {}", "candidate", "metric")).pivot(
        on="key", index="cohort", values="value", aggregate_function="first"
    )
    lines = [
        "| part | rows | happened | said | log loss | of the fallback |",
        "|---|---|---|---|---|---|",
    ]
    for row in wide.sort("cohort").iter_rows(named=True):
        lines.append(
            f"| {row['cohort']} | {row['served rows']:,.0f} | {row['served observed_rate']:.1%} | "
            f"{row['served predicted_mean']:.1%} | {row['served log_loss']:.4f} | {row['fallback log_loss']:.4f} |"
        )
    return lines


def _pictures(folder: Path, name: str, metrics: pl.DataFrame, bins: pl.DataFrame) -> list[str]:
    """Draw what there is something to draw of; old pictures go."""
    for old in folder.glob("*.png"):
        old.unlink()
    drawn: dict[str, bytes] = {}
    if bins.height:
        drawn["reliability"] = plots.reliability(bins, f"{name}: what was said, what happened")
        drawn["lift"] = card_plots.lift(bins, f"{name}: lift")
    if metrics["cohort"].str.starts_with("week ").any():
        drawn["weeks"] = card_plots.weeks(metrics, f"{name}: week by week, learned before them")
    if metrics["cohort"].str.starts_with("month ").any():
        drawn["months"] = card_plots.months(metrics, f"{name}: sum of chance × amount by month")
    if (metrics["cohort"] == "drift").any():
        drawn["drift"] = card_plots.drift(metrics, f"{name}: drift of features")
    if (metrics["candidate"] == "curve").any():
        drawn["send_hours"] = plots.send_hours(metrics, f"{name}: answers by hour")
    for title, png in drawn.items():
        (folder / f"{title}.png").write_bytes(png)
    return list(drawn)


def _frame(found: Any) -> pl.DataFrame:
    return pl.DataFrame(found.to_arrow_table())
