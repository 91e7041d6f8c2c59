"""Which variant for whom: a Bayesian logistic regression of clicks, and the chances that a policy gives each variant.

The regression has terms shared by all variants and terms of each variant's own, all shrunk to nought (ridge), with a
normal approximation around its mode (Laplace). How strongly own terms are shrunk is learned by kind of feature, from
what the rows themselves make likely (MacKay 1992): what tells nothing fades out. Chances are Thompson's: how often a
variant is the best of draws from it (Agrawal and Goyal 2013), with a floor for every variant. Rows are decisions,
features at most 20 numbers of about unit size.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from ml import offpolicy
from ml.errors import ModelError
from ml.metrics import Floats
from ml.offpolicy import Estimate, Log

MOST_FEATURES = 20
SHARED_RIDGE, OWN_RIDGE = 1.0, 4.0
LEAST_RIDGE, MOST_RIDGE, RIDGE_ROUNDS = 1.0, 1e4, 5
DRAWS = 100
NEWTON_STEPS = 30
FLOOR, LEAST_FLOOR = 0.05, 0.02
ENOUGH_CLICKS, ENOUGH_SENT = 300, 5_000
CHUNK = 50_000
# Given the rows that may be learned from: every row's features.
Features = Callable[[NDArray[np.int64]], Floats]


@dataclass(frozen=True)
class Fitted:
    """`mean` and `factor` (a root of the covariance) of the coefficients: intercept and shared, then each variant's."""

    variants: int
    mean: Floats
    factor: Floats

    def expected(self, features: Floats) -> Floats:
        """The chance of a click for each variant, rows × variants."""
        return np.asarray(expit(self._scores(features, self.mean[:, None])[:, :, 0]))

    def wins(self, features: Floats, seed: int) -> Floats:
        """How often each variant is the best of draws from the posterior, rows × variants; rows sum to 1."""
        rng = np.random.default_rng(seed)
        drawn = self.mean[:, None] + self.factor @ rng.normal(size=(len(self.mean), DRAWS))
        found = np.zeros((len(features), self.variants))
        for start in range(0, len(features), CHUNK):
            best = self._scores(features[start : start + CHUNK], drawn).argmax(axis=1)
            for variant in range(self.variants):
                found[start : start + CHUNK, variant] = (best == variant).mean(axis=1)
        return found

    def _scores(self, features: Floats, points: Floats) -> Floats:
        """Log odds for each variant under each point, rows × variants × points."""
        width = features.shape[1] + 1
        rows = np.column_stack([np.ones(len(features)), features]).astype(np.float32)
        parts = points.reshape(self.variants + 1, width, -1).astype(np.float32)
        return np.asarray(np.stack([rows @ (parts[0] + part) for part in parts[1:]], axis=1))


def fit(
    features: Floats,
    chosen: NDArray[np.int64],
    reward: Floats,
    variants: int,
    kinds: Sequence[int] | None = None,
) -> Fitted:
    """Learn from decisions: features (rows × features), the variant's number, and whether it was clicked.

    `kinds` has a number for each feature; those of one kind are shrunk alike. Raises ModelError for more than 20
    features.
    """
    if features.shape[1] > MOST_FEATURES:
        raise ModelError(f"content knows at most {MOST_FEATURES} features, not {features.shape[1]}")
    width = features.shape[1] + 1
    rows = np.column_stack([np.ones(len(features)), features])
    ridge = np.concatenate([np.full(width, SHARED_RIDGE), np.full(width * variants, OWN_RIDGE)])
    ridge[0] = 1e-3
    of_kind = np.array([-1, *(kinds or [0] * features.shape[1])])
    of_kind = np.concatenate([np.full(width, -1), np.tile(of_kind, variants)])
    alike = [np.flatnonzero(of_kind == kind) for kind in np.unique(of_kind) if kind >= 0]
    groups = [np.flatnonzero(chosen == variant) for variant in range(variants)]

    def cost(point: Floats) -> float:
        parts = point.reshape(variants + 1, width)
        total = float(ridge @ point**2) / 2
        for number, own in enumerate(groups):
            score = rows[own] @ (parts[0] + parts[number + 1])
            total += float(np.logaddexp(0, score).sum() - reward[own] @ score)
        return total

    def slopes(point: Floats) -> tuple[Floats, Floats]:
        parts = point.reshape(variants + 1, width)
        gradient, hessian = ridge * point, np.diag(ridge)
        here = slice(0, width)
        for number, own in enumerate(groups):
            mine = slice((number + 1) * width, (number + 2) * width)
            chance = expit(rows[own] @ (parts[0] + parts[number + 1]))
            step = rows[own].T @ (chance - reward[own])
            block = (rows[own] * (chance * (1 - chance))[:, None]).T @ rows[own]
            for a in (here, mine):
                gradient[a] += step
                for b in (here, mine):
                    hessian[a, b] += block
        return gradient, hessian

    mean = np.zeros(width * (variants + 1))
    rate = float(np.clip(reward.mean() if len(reward) else 0.5, 1e-4, 1 - 1e-4))
    mean[0] = np.log(rate / (1 - rate))
    for _ in range(RIDGE_ROUNDS if alike else 1):
        mean, hessian = _mode(mean, cost, slopes)
        spread, before = np.diag(np.linalg.inv(hessian)), ridge.copy()
        for places in alike:
            told = float((1 - ridge[places] * spread[places]).sum())
            wanted = told / max(float(mean[places] @ mean[places]), 1e-12)
            ridge[places] = min(max(wanted, LEAST_RIDGE), MOST_RIDGE)
        if np.allclose(ridge, before, rtol=0.1):
            break
        hessian += np.diag(ridge - before)
    factor = np.linalg.inv(np.linalg.cholesky(hessian)).T
    return Fitted(variants, np.asarray(mean), np.asarray(factor))


def _mode(
    mean: Floats, cost: Callable[[Floats], float], slopes: Callable[[Floats], tuple[Floats, Floats]]
) -> tuple[Floats, Floats]:
    """Newton's method from `mean`: the point of the least cost, and the second derivatives there."""
    gradient, hessian = slopes(mean)
    for _ in range(NEWTON_STEPS):
        step, before, scale = np.linalg.solve(hessian, gradient), cost(mean), 1.0
        while cost(mean - scale * step) > before and scale > 1e-3:
            scale /= 2
        mean = mean - scale * step
        gradient, hessian = slopes(mean)
        if float(np.abs(gradient @ step)) < 1e-8 * max(1.0, before):
            break
    return mean, hessian


def floored(chances: Floats, floor: float = FLOOR) -> Floats:
    """Chances of which none is below `floor` (at least .02 whatever is asked, less only for over 50 variants)."""
    variants = chances.shape[1]
    least = min(max(floor, LEAST_FLOOR), 1 / variants)
    return np.asarray(least + (1 - variants * least) * chances)


def is_learning(chosen: NDArray[np.int64], reward: Floats, variants: int) -> bool:
    """Whether some variant has neither 300 clicks nor 5,000 messages yet: until then all have equal shares."""
    sent = np.bincount(chosen, minlength=variants)
    clicks = np.bincount(chosen, weights=reward, minlength=variants)
    return bool(((sent < ENOUGH_SENT) & (clicks < ENOUGH_CLICKS)).any())


@dataclass(frozen=True)
class Contest:
    """The personal policy against the best single variant, on uniform traffic that neither was fitted on."""

    best: int
    lift: Estimate
    single: Estimate

    @property
    def personal(self) -> bool:
        """Whether to personalise: better with all of the 90 % interval."""
        return self.lift.refusal is None and self.lift.low > 0


def contest(
    entity: NDArray[np.generic],
    features: Features,
    chosen: NDArray[np.int64],
    reward: Floats,
    variants: int,
    seed: int = 7,
    propensity: Floats | None = None,
    kinds: Sequence[int] | None = None,
) -> Contest:
    """Judge both on decisions of chance alone (uniform unless `propensity` says else), by DR with models of others.

    `features` gives the rows' features as learned from some of them. The single variant is chosen on other contacts,
    too, so that neither side gains from its own luck.
    """
    uniform = np.full(len(reward), 1 / variants)
    log = Log(entity, reward, uniform if propensity is None else propensity, chosen)

    def expected(here: NDArray[np.int64], there: NDArray[np.int64]) -> Floats:
        known = features(here)
        model = fit(known[here], chosen[here], reward[here], variants, kinds)
        return model.expected(known[there])

    def singles(here: NDArray[np.int64], there: NDArray[np.int64]) -> Floats:
        rate = _rates(chosen[here], reward[here], variants)
        return np.tile(np.eye(variants)[rate.argmax()], (len(there), 1))

    values = offpolicy.cross_fit(entity, expected, seed=seed)
    personal = np.eye(variants)[values.argmax(axis=1)]
    single = offpolicy.cross_fit(entity, singles, seed=seed)
    return Contest(
        int(_rates(chosen, reward, variants).argmax()),
        offpolicy.compare(log, personal, single, values, seed=seed),
        offpolicy.dr(log, single, values, seed=seed),
    )


def _rates(chosen: NDArray[np.int64], reward: Floats, variants: int) -> Floats:
    sent = np.bincount(chosen, minlength=variants)
    return np.asarray(np.bincount(chosen, weights=reward, minlength=variants) / np.maximum(sent, 1))
