"""The model of what customers will be worth: BG/NBD and Gamma-Gamma where they beat the RFM cells, else the cells.

Everything is judged on the last mature window: both learn from what was known before it. The sum of what was expected
of all is then held against what came, and what is expected next is scaled by that, so that an aggregate bias does not
last longer than one window.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta

import numpy as np
import polars as pl

from ml.frames import digest, require
from ml.gate import judge
from ml.metrics import Floats
from ml.purchases import Habits, fit
from ml.result import Files, Frames, Metric, Trained
from ml.spec import Spec
from ml.worth import Cells, Past
from warehouse.clock import naive
from warehouse.dialect import ident

SIDECAR = "value.json"
COLUMNS = ("contact_id", "currency", "ordered_on", "order_count", "net_cents")
LONGEST_DAYS, SHARE = 365, 4
DRAWS = 200
BIAS = (0.5, 2.0)


@dataclass(frozen=True)
class ValueModel:
    """Reads days with orders; `value` is in cents, for the days that `horizon_days` of the metrics says."""

    spec: Spec

    def queries(self) -> dict[str, str]:
        """See ml.result.Model."""
        (relation,) = self.spec.relations
        return {"days": f"select * from {ident(*relation.split('.'))}"}

    def digest(self, frames: Frames, as_of: datetime) -> str:
        """See ml.result.Model."""
        return digest(self._days(frames, as_of))

    def train(self, frames: Frames, as_of: datetime) -> Trained:
        """See ml.result.Model."""
        days, end = self._days(frames, as_of), naive(as_of).date()
        length = horizon(days, end)
        buyers = days.group_by("contact_id").len()
        repeats, need = int((buyers["len"] > 1).sum()), self.spec.minimum
        metrics = [Metric("label", "spec", "horizon_days", float(length))]
        body: dict[str, object] = {
            "length": length,
            "habits": None,
            "bias": 1.0,
            "cells": {},
            "overall": 0.0,
        }
        passed, verdict = (
            False,
            f"not enough data: {repeats:,} of {need.positives:,} {need.positive_name}",
        )
        if repeats >= need.positives:
            passed, verdict, found, body = self._judged(days, end, length)
            metrics += found
        return Trained(
            is_promoted=passed,
            verdict=verdict,
            files={SIDECAR: json.dumps(body, sort_keys=True, indent=1).encode()},
            metrics=tuple(metrics),
            trained_rows=days.height,
            positives=repeats,
            window_start=_midnight(days["ordered_on"].min()),
            window_end=_midnight(days["ordered_on"].max()),
            features=("repeats", "last", "age", "value"),
            params={"habits": body["habits"], "bias": body["bias"], "seed": self.spec.seed},
        )

    def score(self, files: Files, frames: Frames, as_of: datetime) -> pl.DataFrame:
        """See ml.result.Model; with `low` and `high`, between which nine of ten values lie."""
        body = json.loads(files[SIDECAR])
        past = Past.until(self._days(frames, as_of), naive(as_of).date())
        length, usual = int(body["length"]), past.people["usual_cents"].to_numpy()
        cells = Cells({k: tuple(v) for k, v in body["cells"].items()}, body["overall"])
        worth, low, high = cells.of(past)
        told = pl.format("{}, silent for {} days", "cell", "silent_days").alias("told")
        words = past.people.select(told)["told"].to_list()
        reasons, is_fallback = [[text] for text in words], body["habits"] is None
        if not is_fallback:
            habits, weeks = Habits(**body["habits"]), length / 7
            orders = body["bias"] * habits.orders(past.buyers, weeks)
            worth = orders * habits.spend(past.buyers)
            low, high = habits.interval(past.buyers, weeks, DRAWS, self.spec.seed)
            low, high = body["bias"] * low, body["bias"] * high
            alive = habits.alive(past.buyers)
            reasons = [
                [
                    f"{count:.1f} orders expected in {length} days",
                    f"still a customer with {chance:.0%}",
                    text,
                ]
                for count, chance, text in zip(orders, alive, words, strict=True)
            ]
        nothing = not body["cells"]
        return pl.DataFrame(
            {
                "entity_id": past.people["contact_id"],
                "value": pl.Series(worth * usual, dtype=pl.Float64).round(0),
                "is_fallback": [is_fallback] * len(usual),
                "fallback_reason": [body.get("verdict") if is_fallback else None] * len(usual),
                "reasons": [json.dumps(["not yet calculated"] if nothing else r) for r in reasons],
                "low": pl.Series(low * usual, dtype=pl.Float64).round(0),
                "high": pl.Series(np.maximum(high, worth) * usual, dtype=pl.Float64).round(0),
            },
            schema_overrides={"fallback_reason": pl.String, "entity_id": pl.String},
        ).with_columns(
            pl.when(not nothing).then(pl.col(name)).alias(name) for name in ("value", "low", "high")
        )

    def _judged(
        self, days: pl.DataFrame, end: date, length: int
    ) -> tuple[bool, str, list[Metric], dict[str, object]]:
        """The contest on the last window, and what serves from it."""
        cut, before = end - timedelta(days=length), end - timedelta(days=2 * length)
        old, mid, now = (Past.until(days, day) for day in (before, cut, end))
        seed, weeks = self.spec.seed, length / 7
        came_before, came = (_worth(p, days, d, length) for p, d in ((old, before), (mid, cut)))
        first, second = fit(old.buyers, seed), fit(mid.buyers, seed)
        scaled = _bias(came_before, _expected(first, old, weeks)) * _expected(second, mid, weeks)
        rates = Cells.learn(old, came_before).of(mid)[0]
        rate = mid.buyers.valued / np.maximum(mid.buyers.age, 1.0) * mid.buyers.value * weeks
        tried = {
            "constant": np.full(len(came), float(came_before.mean())),
            "same_rate": rate,
            "fallback": rates,
            "bg_nbd": scaled,
        }
        people = mid.people["contact_id"].rank("dense").to_numpy()
        gate = judge(_deviance(came, scaled), _deviance(came, rates), people, seed)
        verdict = gate.verdict.replace("log loss", "deviance of value")
        tried["served"] = scaled if gate.passed else rates
        metrics = [m for name, worth in tried.items() for m in _figures(name, came, worth)]
        found = {"skill": gate.skill, "low": gate.low, "high": gate.high}
        metrics += [Metric("test", "gate", name, value) for name, value in found.items()]
        bias = _bias(came, _expected(second, mid, weeks))
        cells = Cells.learn(mid, came)
        habits = asdict(fit(now.buyers, seed)) if gate.passed else None
        body: dict[str, object] = {
            "length": length,
            "habits": habits,
            "bias": bias,
            "verdict": verdict,
        }
        return (
            gate.passed,
            verdict,
            metrics,
            body | {"cells": cells.rates, "overall": cells.overall},
        )

    def _days(self, frames: Frames, as_of: datetime) -> pl.DataFrame:
        frame = frames["days"]
        require(frame, COLUMNS, self.spec.relations[0])
        kept = frame.select(COLUMNS).filter(pl.col("ordered_on") <= naive(as_of).date())
        return kept.sort("contact_id", "ordered_on", "currency")


def horizon(days: pl.DataFrame, end: date) -> int:
    """Days to look ahead: a quarter of what is on record, in whole weeks, so that two windows lie behind."""
    first = days["ordered_on"].min()
    past = (end - first).days if isinstance(first, date) else 0
    return max(28, min(LONGEST_DAYS, past // SHARE) // 7 * 7)


def _expected(habits: Habits, past: Past, weeks: float) -> Floats:
    return np.asarray(habits.orders(past.buyers, weeks) * habits.spend(past.buyers))


def _worth(past: Past, days: pl.DataFrame, start: date, length: int) -> Floats:
    return np.asarray(past.later(days, start, length)[1] / past.people["usual_cents"].to_numpy())


def _bias(came: Floats, expected: Floats) -> float:
    ratio = float(came.sum()) / max(float(expected.sum()), 1e-9)
    return float(np.clip(ratio, *BIAS))


def _deviance(y: Floats, mean: Floats) -> Floats:
    """Quasi-Poisson deviance: least for the true mean, whatever else the values do."""
    mean = np.maximum(mean, 1e-6)
    return np.asarray(2 * (y * np.log(np.where(y > 0, y, 1.0) / mean) - (y - mean)))


def _figures(name: str, came: Floats, worth: Floats) -> list[Metric]:
    still = len(np.unique(worth)) < 2 or len(np.unique(came)) < 2
    found = {
        "deviance": float(_deviance(came, worth).mean()),
        "mae": float(np.abs(came - worth).mean()),
        "correlation": 0.0 if still else float(np.corrcoef(came, worth)[0, 1]),
        "total_ratio": float(worth.sum()) / max(float(came.sum()), 1e-9),
        "rows": float(len(came)),
    }
    return [Metric("test", name, key, value) for key, value in found.items()]


def _midnight(day: object) -> datetime | None:
    return datetime(day.year, day.month, day.day) if isinstance(day, date) else None  # noqa: DTZ001
