"""Turns a model's margins (log-odds) into probabilities that keep their word.

Platt's two numbers, slope never negative (a weak model must not be turned upside down), held near "change nothing" by a
weak prior; isotonic regression only where there are more than a thousand positives, and where it does better on rows
that it was not fitted on.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import expit

from ml.metrics import Floats, losses

ISOTONIC_POSITIVES = 1000
# How far slope and intercept may lie from those expected, before there is evidence.
SLOPE_SD, INTERCEPT_SD = 0.4, 0.3
ISOTONIC_KNOTS = 200
PARTS = 5


@dataclass(frozen=True)
class Calibrator:
    """Margin to probability; with `knots` isotonic (piecewise linear), else Platt."""

    slope: float = 1.0
    intercept: float = 0.0
    knots: tuple[tuple[float, float], ...] = ()

    def probability(self, margin: Floats) -> Floats:
        """Probabilities of the same shape as `margin`; never falls as the margin rises."""
        if self.knots:
            x, y = np.array(self.knots).T
            return np.asarray(np.interp(margin, x, y))
        return np.asarray(expit(self.slope * margin + self.intercept))

    def shifted(self, base: float) -> Calibrator:
        """The same for margins that are larger by `base`."""
        knots = tuple((x + base, y) for x, y in self.knots)
        return Calibrator(self.slope, self.intercept - self.slope * base, knots)


def calibrate(
    margin: Floats,
    y: Floats,
    weight: Floats,
    effective: float,
    positives: int,
    expected: Calibrator,
) -> Calibrator:
    """Fit on margins and outcomes, whose rows count by `weight`.

    `effective` is how many independent outcomes the rows are worth, `positives` how many entities succeeded;
    `expected` is what holds before there is evidence, and few rows depart from it only as far as they must.
    """
    weight = weight * (effective / max(float(weight.sum()), 1e-12))
    platt = _platt(margin, y, weight, expected)
    if positives <= ISOTONIC_POSITIVES:
        return platt
    # Steps must earn their freedom on rows that they were not drawn from.
    part = np.arange(len(y)) % PARTS
    lost = {"platt": 0.0, "isotonic": 0.0}
    for number in range(PARTS):
        here, others = part == number, part != number
        fitted = {
            "platt": _platt(margin[others], y[others], weight[others], expected),
            "isotonic": _isotonic(margin[others], y[others], weight[others]),
        }
        for name, one in fitted.items():
            lost[name] += float(weight[here] @ losses(y[here], one.probability(margin[here])))
    return _isotonic(margin, y, weight) if lost["isotonic"] < lost["platt"] else platt


def _platt(margin: Floats, y: Floats, weight: Floats, expected: Calibrator) -> Calibrator:
    # Imported where it works: who only looks whether there is work should not wait a second for it.
    from scipy.optimize import minimize

    def cost(point: Floats) -> tuple[float, Floats]:
        p = expit(point[0] * margin + point[1])
        gap = weight * (p - y)
        slope = (point[0] - expected.slope) / SLOPE_SD
        intercept = (point[1] - expected.intercept) / INTERCEPT_SD
        value = float(weight @ losses(y, p) + (slope**2 + intercept**2) / 2)
        return value, np.array(
            [gap @ margin + slope / SLOPE_SD, gap.sum() + intercept / INTERCEPT_SD]
        )

    start, bounds = [expected.slope, expected.intercept], [(0.0, 10.0), (-15.0, 15.0)]
    found = minimize(cost, x0=start, jac=True, method="L-BFGS-B", bounds=bounds)
    return Calibrator(float(found.x[0]), float(found.x[1]))


def _isotonic(margin: Floats, y: Floats, weight: Floats) -> Calibrator:
    # Imported where it works: who only looks whether there is work should not wait a second for it.
    from sklearn.isotonic import IsotonicRegression

    model = IsotonicRegression(y_min=1 / (len(y) + 2), y_max=1 - 1 / (len(y) + 2))
    model.fit(margin, y, sample_weight=weight)
    x, p = model.X_thresholds_, model.y_thresholds_
    if len(x) > ISOTONIC_KNOTS:
        grid = np.unique(np.quantile(margin, np.linspace(0, 1, ISOTONIC_KNOTS)))
        x, p = grid, np.interp(grid, x, p)
    return Calibrator(knots=tuple((float(a), float(b)) for a, b in zip(x, p, strict=True)))
