"""Judges the newest run of a sync against its limits and its past; an alert begins once, and ends once.

Kinds: `failed_share` (too many rows refused or in doubt), `nothing_delivered` (rows to send, none arrived), `blocked`
(a guard holds the plan), `count` (far from the usual number of rows), `full_resync` (nearly all rows go out again).
A run that tells nothing about a kind neither begins nor ends its alert.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

KINDS = ("failed_share", "nothing_delivered", "blocked", "count", "full_resync")
# Of normally spread values, the median of absolute deviations times this is their standard deviation
# (Rousseeuw & Croux 1993, Alternatives to the Median Absolute Deviation).
TO_SIGMA = 1.4826
LEAST_SPREAD = 0.05  # of the median: counts that never moved may move by so much
NEWEST = 31  # runs looked at: this one, and those that say what is usual
COLUMNS_NAMED = 3


class Thresholds(BaseModel):
    """What a sync calls unusual, in `meta.sync.alerts`; null turns a kind off.

    `failed_share` of the rows that were answered, and at least `failed_rows` of them; `count_deviation` in robust
    standard deviations from the median of past runs, once there are `count_runs`; `resync_share` of the accepted rows,
    and at least `resync_rows`.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    failed_share: float | None = Field(default=0.05, gt=0, le=1)
    failed_rows: int = Field(default=5, ge=1)
    count_deviation: float | None = Field(default=6.0, gt=0)
    count_runs: int = Field(default=8, ge=3)
    resync_share: float | None = Field(default=0.9, gt=0, le=1)
    resync_rows: int = Field(default=20, ge=1)


@dataclass(frozen=True)
class Finding:
    """What a run says about one kind: whether it is as it should not be, in figures and in words."""

    kind: str
    is_on: bool
    words: str
    value: float | None = None
    limit: float | None = None


def judge(limits: Thresholds, mode: str, runs: Sequence[Mapping[str, Any]]) -> list[Finding]:
    """The findings of the newest of `runs` (rows of `activations.plans` with what came of them), newest first.

    Each has creates, updates, removes, unchanged, suppressed, held, invalid, state, gate, reason, changed_columns,
    and arrived, refused, doubted: rows of the run's receipts by outcome; and codes: the most frequent refusals.
    """
    if not runs:
        return []
    run, past = runs[0], runs[1:]
    found = [
        _failed(limits, run),
        _nothing(run),
        _blocked(run),
        _count(limits, mode, run, past),
        _resync(limits, mode, run, past),
    ]
    return [finding for finding in found if finding is not None]


def _failed(limits: Thresholds, run: Mapping[str, Any]) -> Finding | None:
    failed = run["refused"] + run["doubted"]
    answered = run["arrived"] + failed
    if limits.failed_share is None or not answered:
        return None
    share = failed / answered
    is_on = share > limits.failed_share and failed >= limits.failed_rows
    words = f"{failed:,} of {answered:,} rows failed ({share:.0%}, limit {limits.failed_share:.0%})"
    if run["codes"]:
        words += f"; most often {run['codes']}"
    return Finding("failed_share", is_on, words, share, limits.failed_share)


def _nothing(run: Mapping[str, Any]) -> Finding | None:
    sent = _to_send(run)
    if run["state"] != "delivered" or not sent:
        return None
    is_on = run["arrived"] == 0 and run["refused"] + run["doubted"] == 0
    words = f"none of {sent:,} rows was handed over: {run['reason'] or 'no reason is known'}"
    return Finding("nothing_delivered", is_on, words if is_on else f"{run['arrived']:,} arrived")


def _blocked(run: Mapping[str, Any]) -> Finding:
    is_on = run["state"] == "blocked" and run["gate"] in (None, "guard")
    return Finding("blocked", is_on, str(run["reason"]) if is_on else "no guard objects")


def _count(
    limits: Thresholds, mode: str, run: Mapping[str, Any], past: Sequence[Mapping[str, Any]]
) -> Finding | None:
    """The model's rows, or of messages the new ones, against the median of past runs in robust standard deviations."""
    usual = [_size(mode, one) for one in past if one["state"] != "blocked"]
    if limits.count_deviation is None or len(usual) < limits.count_runs:
        return None
    middle = median(usual)
    spread = TO_SIGMA * median(abs(one - middle) for one in usual)
    spread = max(spread, LEAST_SPREAD * middle, 1.0)
    size = _size(mode, run)
    deviation = (size - middle) / spread
    what = "new messages" if mode == "append" else "rows in the model"
    words = (
        f"{size:,} {what}, usual are {middle:,.0f} ± {spread:,.0f} "
        f"({deviation:+.1f} deviations, limit {limits.count_deviation:g})"
    )
    is_on = abs(deviation) > limits.count_deviation
    return Finding("count", is_on, words, abs(deviation), limits.count_deviation)


def _resync(
    limits: Thresholds, mode: str, run: Mapping[str, Any], past: Sequence[Mapping[str, Any]]
) -> Finding | None:
    """Whether nearly all rows go out again though they were accepted before, and what made it so."""
    before = next((one for one in past if one["state"] == "delivered" and one["arrived"]), None)
    if limits.resync_share is None or mode == "append" or before is None:
        return None
    again = run["creates"] + run["updates"]
    model = again + run["unchanged"]
    if not model:
        return None
    share = again / model
    is_on = share >= limits.resync_share and again >= limits.resync_rows
    words = f"{again:,} of {model:,} rows go out again ({share:.0%})"
    if is_on:
        words += f": {_why(run, model)}"
    return Finding("full_resync", is_on, words, share, limits.resync_share)


def _why(run: Mapping[str, Any], model: int) -> str:
    if run["creates"] > run["updates"]:
        if run["unchanged"] + run["updates"] + run["removes"] == 0:
            return "the warehouse knows of no row that was accepted; it was restored, or the keys have changed"
        return "their keys are new; the key's values have changed"
    changed = json.loads(run["changed_columns"] or "{}")
    most = [name for name, count in changed.items() if count >= 0.5 * model]
    if not most:
        return "each for a column of its own"
    more = f" and {len(most) - COLUMNS_NAMED} more" if len(most) > COLUMNS_NAMED else ""
    return f"changed nearly everywhere: {', '.join(most[:COLUMNS_NAMED])}{more}"


def _to_send(run: Mapping[str, Any]) -> int:
    return int(run["creates"] + run["updates"] + run["removes"])


def _size(mode: str, run: Mapping[str, Any]) -> int:
    parts = ("creates",) if mode == "append" else ("creates", "updates", "unchanged")
    return sum(int(run[name]) for name in parts)
