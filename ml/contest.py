"""Holds the contest: rehearses at several past origins exactly what is done today, judges it, and then does it today.

At each origin both kinds of model are fitted on what was known, with every setting; the setting, the kind and the
calibration are chosen on earlier cohorts whose outcomes were known by then; and the next cohort is told. Those answers,
pooled over the origins, are compared with the fallback's. One fit per origin and setting serves all later choices.
Method: prequential evaluation (Dawid 1984), a rolling origin with refitting (Tashman 2000).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
import polars as pl
from scipy.special import expit

from ml import encode, ladder
from ml.calibrate import Calibrator, calibrate
from ml.candidates import (
    Candidate,
    fit_boosted,
    fit_logistic,
    tried_boosted,
    tried_logistic,
)
from ml.frames import ENTITY, LABEL, WEIGHT
from ml.gate import Gate, judge
from ml.metrics import Floats, effective_size, losses, measure
from ml.result import Metric
from ml.spec import Spec
from ml.split import Part, Plan, Stage

FEWEST_ENTITIES_PER_SLICE = 20
# What a row of an older cohort counts for in calibration, beside one of the next younger.
OLDER_COHORT = 0.5

Key = tuple[str, float]
Trial = Callable[[encode.Encoder, pl.DataFrame, pl.DataFrame, int], dict[float, Floats]]
KINDS: dict[str, Trial] = {"logistic": tried_logistic, "xgboost": tried_boosted}


@dataclass(frozen=True)
class Contest:
    """The winner, refitted on everything; `tested` has one row per tested row: entity, y and everybody's p."""

    gate: Gate
    final: Candidate
    encoder: encode.Encoder
    calibrator: Calibrator
    metrics: list[Metric]
    tested: pl.DataFrame
    params: dict[str, object]


@dataclass(frozen=True)
class Choice:
    """The kind and setting with the lowest loss, its calibration for centred margins, and the best of each kind."""

    winner: str
    settings: dict[str, float]
    calibrators: dict[str, Calibrator]


@dataclass
class _Rehearsal:
    """Fits each fold once; margins are counted from the base rate of the rows that their model was trained on.

    Models of different folds start from different base rates, and only what they add to it carries over.
    """

    rows: pl.DataFrame
    plan: Plan
    spec: Spec
    _tried: dict[int, dict[Key, Floats]] = field(default_factory=dict)

    def margins(self, fold: int) -> dict[Key, Floats]:
        """Centred margins of the fold's test rows by kind and setting."""
        if fold not in self._tried:
            cut = self.plan.folds[fold]
            train, test = self.rows[cut.train], self.rows[cut.test]
            encoder = encode.fit(train, self.spec.numeric, self.spec.categorical)
            found: dict[Key, Floats] = {}
            for kind in self.spec.candidates:
                tried = KINDS[kind](encoder, train, test, self.spec.seed)
                found |= {(kind, setting): m - base(train) for setting, m in tried.items()}
            self._tried[fold] = found
        return self._tried[fold]

    def choose(self, parts: Sequence[Part], expected: Calibrator) -> Choice:
        """By the loss on `parts`: a setting for each kind before calibration, the kind after it."""
        shift = expected.intercept
        total: dict[Key, float] = {}
        for part in parts:
            y = self.outcomes(part)
            for key, m in self.margins(part.fold).items():
                loss = float(losses(y, expit(m[part.seen] + shift)).sum())
                total[key] = total.get(key, 0.0) + loss
        settings: dict[str, float] = {}
        calibrators: dict[str, Calibrator] = {}
        scored: dict[str, float] = {}
        y = np.concatenate([self.outcomes(part) for part in parts])
        for kind in self.spec.candidates:
            settings[kind] = min((key for key in total if key[0] == kind), key=total.__getitem__)[1]
            key = (kind, settings[kind])
            calibrators[kind] = self._calibrate(parts, key, expected)
            margin = np.concatenate([self.margins(part.fold)[key][part.seen] for part in parts])
            scored[kind] = float(losses(y, calibrators[kind].probability(margin)).mean())
        return Choice(min(scored, key=scored.__getitem__), settings, calibrators)

    def outcomes(self, part: Part) -> Floats:
        """The labels of the rows that may be looked at."""
        positions = self.plan.folds[part.fold].test[part.seen]
        return np.asarray(self.rows[LABEL].to_numpy()[positions], dtype=np.float64)

    def _rows(self, parts: Sequence[Part]) -> pl.DataFrame:
        positions = np.concatenate([self.plan.folds[part.fold].test[part.seen] for part in parts])
        return self.rows[positions]

    def _calibrate(self, parts: Sequence[Part], key: Key, expected: Calibrator) -> Calibrator:
        """The newest cohort counts most: level and spread may drift, but one cohort alone may be a season."""
        rows = self._rows(parts)
        margin = np.concatenate([self.margins(part.fold)[key][part.seen] for part in parts])
        y = np.asarray(rows[LABEL].to_numpy(), dtype=np.float64)
        origins = np.concatenate(
            [np.full(part.seen.sum(), self.plan.folds[part.fold].origin) for part in parts]
        )
        age = len(np.unique(origins)) - 1 - np.searchsorted(np.unique(origins), origins)
        weight = np.asarray(OLDER_COHORT**age, dtype=np.float64)
        positives = rows.filter(pl.col(LABEL) == 1)[ENTITY].n_unique()
        effective = effective_size(rows[ENTITY].rank("dense").to_numpy()) * float(weight.mean())
        return calibrate(margin, y, weight, effective, positives, expected)


def hold(rows: pl.DataFrame, everything: pl.DataFrame, plan: Plan, spec: Spec) -> Contest:
    """Run the contest on `rows` as `plan` cuts them; the winner is refitted on `everything`."""
    rehearsal = _Rehearsal(rows, plan, spec)
    tested = pl.concat([_stage(rehearsal, stage) for stage in plan.stages])
    y, entity = tested["y"].to_numpy(), tested["entity"].rank("dense").to_numpy()
    gate = judge(
        losses(y, tested["challenger"].to_numpy()),
        losses(y, tested["fallback"].to_numpy()),
        entity,
        spec.seed,
    )
    tested = tested.with_columns(served=pl.col("challenger" if gate.passed else "fallback"))
    choice = rehearsal.choose(plan.today, Calibrator(1.0, base(rows)))
    encoder = encode.fit(everything, spec.numeric, spec.categorical)
    setting = choice.settings[choice.winner]
    final: Candidate = (
        fit_boosted(encoder, everything, int(setting), spec.seed)
        if choice.winner == "xgboost"
        else fit_logistic(encoder, everything, setting)
    )
    return Contest(
        gate=gate,
        final=final,
        encoder=encoder,
        calibrator=choice.calibrators[choice.winner].shifted(base(everything)),
        metrics=_metrics(tested, gate, spec),
        tested=tested,
        params={
            "candidate": choice.winner,
            "setting": setting,
            "seed": spec.seed,
            "evaluation": plan.told,
        },
    )


def base(rows: pl.DataFrame) -> float:
    """The log-odds of the weighted base rate of training rows."""
    rate = min(max(_rate(rows), 1e-6), 1 - 1e-6)
    return float(np.log(rate / (1 - rate)))


def _rate(rows: pl.DataFrame) -> float:
    weight = rows[WEIGHT].to_numpy()
    return float((rows[LABEL].to_numpy() * weight).sum() / weight.sum())


def _stage(rehearsal: _Rehearsal, stage: Stage) -> pl.DataFrame:
    """What each candidate, the constant and the fallback said of the stage's cohort, one row per row."""
    rows, spec, fold = rehearsal.rows, rehearsal.spec, rehearsal.plan.folds[stage.fold]
    train, test = rows[fold.train], rows[fold.test]
    choice = rehearsal.choose(stage.validation, Calibrator(1.0, base(train)))
    margins = rehearsal.margins(stage.fold)
    said = {
        kind: choice.calibrators[kind].probability(margins[kind, setting])
        for kind, setting in choice.settings.items()
    }
    mean = float(train[LABEL].to_numpy().mean())
    constant = np.full(test.height, mean if spec.fallback.per_row else _rate(train))
    rates, _ = ladder.fit(train, spec.fallback).values(test)
    found = {
        "entity": test[ENTITY],
        "y": test[LABEL].cast(pl.Float64),
        "fold": [fold.name] * test.height,
        "constant": constant,
        "fallback": np.where(np.isnan(rates), constant, rates),
        **said,
        "challenger": said[choice.winner],
    }
    slices = {f"slice {name}": test[name].cast(pl.String).fill_null("unknown") for name in spec.slices}  # fmt: skip
    return pl.DataFrame({**found, **slices})


def _metrics(tested: pl.DataFrame, gate: Gate, spec: Spec) -> list[Metric]:
    figures = {"skill": gate.skill, "low": gate.low, "high": gate.high}
    found = _measured("test", tested, ("constant", "fallback", *spec.candidates, "served"))
    found += [Metric("test", "gate", name, value) for name, value in figures.items()]
    for (fold,), part in tested.group_by("fold", maintain_order=True):
        found += _measured(str(fold), part, ("fallback", "challenger", "served"))
    for name in spec.slices:
        column = f"slice {name}"
        for (value,), part in tested.sort(column).group_by(column, maintain_order=True):
            if part["entity"].n_unique() >= FEWEST_ENTITIES_PER_SLICE:
                found += _measured(f"{name}: {value}", part, ("fallback", "served"))
    return found


def _measured(cohort: str, part: pl.DataFrame, names: Sequence[str]) -> list[Metric]:
    y, entity = part["y"].to_numpy(), part["entity"].rank("dense").to_numpy()
    return [m for name in names for m in measure(cohort, name, y, part[name].to_numpy(), entity)]
