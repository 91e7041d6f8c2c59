"""Turns a model's margins (log-odds) into probabilities that keep their word.

Platt's two numbers, slope never negative (a weak model must not be turned upside down), held near "change nothing" by a
weak prior; isotonic regression only where there are more than a thousand positives.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize
from scipy.special import expit
from sklearn.isotonic import IsotonicRegression

from ml.metrics import Floats, losses

ISOTONIC_POSITIVES = 1000
# How far slope and intercept may lie from those expected, before there is evidence.
SLOPE_SD, INTERCEPT_SD = 0.4, 0.3
ISOTONIC_KNOTS = 200


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
    margin: Floats, y: Floats, effective: float, positives: int, expected: Calibrator
) -> Calibrator:
    """Fit on one cohort's margins and outcomes.

    `effective` is how many independent outcomes the rows are worth, `positives` how many entities succeeded;
    `expected` is what holds before there is evidence, and a small cohort departs from it only as far as it must.
    """
    if positives > ISOTONIC_POSITIVES:
        return _isotonic(margin, y)
    weight = effective / max(1, len(y))

    def cost(point: Floats) -> float:
        fit = losses(y, expit(point[0] * margin + point[1])).sum() * weight
        slope = (point[0] - expected.slope) / SLOPE_SD
        intercept = (point[1] - expected.intercept) / INTERCEPT_SD
        return float(fit + (slope**2 + intercept**2) / 2)

    start, bounds = [expected.slope, expected.intercept], [(0.0, 10.0), (-15.0, 15.0)]
    found = minimize(cost, x0=start, method="L-BFGS-B", bounds=bounds)
    return Calibrator(float(found.x[0]), float(found.x[1]))


def _isotonic(margin: Floats, y: Floats) -> Calibrator:
    model = IsotonicRegression(y_min=1 / (len(y) + 2), y_max=1 - 1 / (len(y) + 2))
    model.fit(margin, y)
    x, p = model.X_thresholds_, model.y_thresholds_
    if len(x) > ISOTONIC_KNOTS:
        grid = np.unique(np.quantile(margin, np.linspace(0, 1, ISOTONIC_KNOTS)))
        x, p = grid, np.interp(grid, x, p)
    return Calibrator(knots=tuple((float(a), float(b)) for a, b in zip(x, p, strict=True)))
