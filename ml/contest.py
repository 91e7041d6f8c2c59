"""Holds the contest on one plan of folds: fits both candidates, picks one, calibrates it, judges it, refits it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
from scipy.special import expit

from ml import encode, ladder
from ml.calibrate import Calibrator, calibrate
from ml.candidates import (
    MOST_ROUNDS,
    PENALTIES,
    Candidate,
    best_rounds,
    fit_boosted,
    fit_logistic,
)
from ml.frames import ENTITY, LABEL, WEIGHT
from ml.gate import Gate, judge
from ml.metrics import Floats, effective_size, losses, measure
from ml.result import Metric
from ml.spec import Spec
from ml.split import Fold, Plan

FEWEST_ENTITIES_PER_SLICE = 20


@dataclass(frozen=True)
class Contest:
    """The winner, refitted on everything; `served` are outcomes and probabilities of what serves, in the test."""

    gate: Gate
    final: Candidate
    calibrator: Calibrator
    metrics: list[Metric]
    served: tuple[Floats, Floats]
    params: dict[str, object]


@dataclass(frozen=True)
class Entrant:
    """A kind of model with its setting chosen on the validation folds, and its margins there.

    Margins are counted from the base rate of the rows that their model was trained on, because models of different
    folds start from different base rates and only what they add to it carries over.
    """

    name: str
    setting: float
    margins: Floats

    def fit(self, encoder: encode.Encoder, rows: pl.DataFrame, seed: int) -> Candidate:
        """The model of this kind and setting, fitted on `rows`."""
        if self.name == "xgboost":
            return fit_boosted(encoder, rows, int(self.setting), seed)[0]
        return fit_logistic(encoder, rows, self.setting)


def hold(rows: pl.DataFrame, plan: Plan, spec: Spec, encoder: encode.Encoder) -> Contest:
    """Run the contest; `encoder` is the one fitted on all rows, for the final fit."""
    validation = np.concatenate([fold.test for fold in plan.validation])
    y = _labels(rows, validation)
    test = _Test.of(rows, plan.test, spec)
    before = Calibrator(1.0, _base(test.train))
    entrants = [KINDS[name](rows, plan, spec) for name in spec.candidates]
    fitted = {e.name: _calibrator(rows, validation, e.margins, before) for e in entrants}
    winner = min(
        entrants, key=lambda e: float(losses(y, fitted[e.name].probability(e.margins)).mean())
    )
    probabilities = {"constant": test.constant, "fallback": test.fallback(spec)}
    margins: dict[str, Floats] = {}
    early = encode.fit(test.train, spec.numeric, spec.categorical)
    for entrant in entrants:
        model = entrant.fit(early, test.train, spec.seed)
        margins[entrant.name] = model.margins(test.rows) - _base(test.train)
        probabilities[entrant.name] = fitted[entrant.name].probability(margins[entrant.name])
    gate = judge(
        losses(test.y, probabilities[winner.name]),
        losses(test.y, probabilities["fallback"]),
        test.entity,
        spec.seed,
    )
    probabilities["served"] = probabilities[winner.name if gate.passed else "fallback"]
    now = Calibrator(fitted[winner.name].slope, _base(rows))
    calibrator = _calibrator(rows, plan.test.test, margins[winner.name], now)
    return Contest(
        gate=gate,
        final=winner.fit(encoder, rows, spec.seed),
        calibrator=calibrator.shifted(_base(rows)),
        metrics=_metrics(test, probabilities, gate, spec),
        served=(test.y, probabilities["served"]),
        params={"candidate": winner.name, "setting": winner.setting, "seed": spec.seed},
    )


def _metrics(test: _Test, probabilities: dict[str, Floats], gate: Gate, spec: Spec) -> list[Metric]:
    found = [
        metric
        for name, p in probabilities.items()
        for metric in measure("test", name, test.y, p, test.entity)
    ]
    figures = {"skill": gate.skill, "low": gate.low, "high": gate.high}
    found += [Metric("test", "gate", name, value) for name, value in figures.items()]
    return found + _slices(test, probabilities["fallback"], probabilities["served"], spec)


def _base(rows: pl.DataFrame) -> float:
    """The log-odds of the weighted base rate of training rows."""
    weight = rows[WEIGHT].to_numpy()
    rate = float((rows[LABEL].to_numpy() * weight).sum() / weight.sum())
    rate = min(max(rate, 1e-6), 1 - 1e-6)
    return float(np.log(rate / (1 - rate)))


@dataclass(frozen=True)
class _Test:
    """The last fold, spelled out."""

    train: pl.DataFrame
    rows: pl.DataFrame
    y: Floats
    entity: np.ndarray
    constant: Floats

    @classmethod
    def of(cls, rows: pl.DataFrame, fold: Fold, spec: Spec) -> _Test:
        train, test = rows[fold.train], rows[fold.test]
        entity = test[ENTITY].rank("dense").to_numpy()
        counted = ladder.outcomes(train, spec.fallback).group_by(ENTITY)
        share = counted.agg(pl.col(LABEL).max())[LABEL].cast(pl.Float64).to_numpy()
        constant = np.full(test.height, float(share.mean()))
        y = _labels(rows, fold.test)
        return cls(train, test, y, entity, constant)

    def fallback(self, spec: Spec) -> Floats:
        """What the ladder would have said, the constant where it says nothing."""
        found, _ = ladder.fit(self.train, spec.fallback).values(self.rows)
        return np.where(np.isnan(found), self.constant, found)


def _logistic(rows: pl.DataFrame, plan: Plan, spec: Spec) -> Entrant:
    """The penalty with the lowest loss over all folds."""
    bases = [_base(rows[fold.train]) for fold in plan.validation]
    tried = []
    for penalty in PENALTIES:
        margins = []
        for fold in plan.validation:
            model = fit_logistic(_encoder(rows, fold, spec), rows[fold.train], penalty)
            margins.append(model.margins(rows[fold.test]))
        outcomes = [_labels(rows, fold.test) for fold in plan.validation]
        parts = [losses(y, expit(m)) for y, m in zip(outcomes, margins, strict=True)]
        centred = [m - base for m, base in zip(margins, bases, strict=True)]
        loss = float(np.concatenate(parts).mean())
        tried.append((loss, Entrant("logistic", penalty, np.concatenate(centred))))
    return min(tried, key=lambda item: item[0])[1]


def _boosted(rows: pl.DataFrame, plan: Plan, spec: Spec) -> Entrant:
    """Early stopping on later cohorts: the number of trees with the lowest loss over all folds."""
    curves, fitted = [], []
    for fold in plan.validation:
        later, encoder = rows[fold.test], _encoder(rows, fold, spec)
        model, curve = fit_boosted(encoder, rows[fold.train], MOST_ROUNDS, spec.seed, later)
        curves.append(curve)
        fitted.append((model, later, _base(rows[fold.train])))
    rounds = best_rounds(curves)
    centred = [model.margins(later, rounds) - base for model, later, base in fitted]
    return Entrant("xgboost", rounds, np.concatenate(centred))


KINDS = {"logistic": _logistic, "xgboost": _boosted}


def _encoder(rows: pl.DataFrame, fold: Fold, spec: Spec) -> encode.Encoder:
    return encode.fit(rows[fold.train], spec.numeric, spec.categorical)


def _calibrator(
    rows: pl.DataFrame, positions: np.ndarray, margins: Floats, expected: Calibrator
) -> Calibrator:
    part = rows[positions]
    positives = part.filter(pl.col(LABEL) == 1)[ENTITY].n_unique()
    effective = effective_size(part[ENTITY].rank("dense").to_numpy())
    return calibrate(margins, _labels(rows, positions), effective, positives, expected)


def _labels(rows: pl.DataFrame, positions: np.ndarray) -> Floats:
    return np.asarray(rows[LABEL].to_numpy()[positions], dtype=np.float64)


def _slices(test: _Test, fallback: Floats, served: Floats, spec: Spec) -> list[Metric]:
    """The same figures within each value of the slice columns that has enough entities."""
    found: list[Metric] = []
    for name in spec.slices:
        values = test.rows[name].cast(pl.String).fill_null("unknown")
        for value in values.unique().sort().to_list():
            here = (values == value).to_numpy()
            entities = len(np.unique(test.entity[here]))
            if entities >= FEWEST_ENTITIES_PER_SLICE:
                for candidate, p in (("fallback", fallback), ("served", served)):
                    found += measure(
                        f"{name}: {value}", candidate, test.y[here], p[here], test.entity[here]
                    )
    return found
