"""A contact's own hours: how much more likely than their cohort they answer at each local hour, shrunk and weighted.

log(chance at hour h) = level + log(cohort's curve) + organic × log(own organic profile / cohort's)
+ answers × log(own answers / those expected). Both weights are learned and small; a raw personal histogram is not used,
because it only repeats our own sending schedule. Source of the form: a conditional logit over the hours at which a
contact was messaged, in which the contact's level cancels.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray
from scipy.special import logsumexp

from ml.hours import Counts, Counts32, levels, smooth
from ml.metrics import Floats
from ml.mixture import Mixture

ORGANIC_KAPPAS = (16.0, 32.0)
WINDOWS_HOURS = (1, 4)
ANSWER_KAPPA = 2.0
WEIGHT_RIDGE = 1.0
NEVER = -1e9
CAUTION_SD = 1.2816  # the 10th percentile of a normal distribution
LEARNING_CONTACTS = 50_000


@dataclass(frozen=True)
class Weights:
    """How far a contact's own profiles are trusted, and how surely that is known (`variance`, 2 × 2).

    `kappa` is how many events a cohort's profile counts for; `window` how many hours from the delivery on a contact's
    own activity is looked at.
    """

    organic: float
    answers: float
    kappa: float
    window: int
    variance: tuple[tuple[float, ...], ...]


def profiles(
    counts: Counts,
    curves: Floats,
    shapes: Floats,
    kappa: float,
    window: int,
    days: Mixture | None = None,
) -> tuple[Counts32, Counts32]:
    """The two log ratios of the formula above, each n × 24; all zero for a contact without any activity.

    With `days`, a contact's activity is shrunk to the typical days that it resembles, else to the cohort's day.
    """
    shape = ahead(shapes, window)[counts.cohort].astype(np.float32)
    activity = ahead(smooth(counts.organic), window)
    total = counts.organic.sum(axis=1, keepdims=True)
    prior = shape
    if days is not None:
        tilted = shapes[counts.cohort] * (days.prior(counts.organic) / days.everyone)
        tilted = np.where(total > 0, tilted, shapes[counts.cohort])
        prior = ahead(tilted / tilted.sum(axis=1, keepdims=True), window).astype(np.float32)
    organic = np.log((activity + kappa * prior) / ((total + kappa) * shape))
    chosen = curves[counts.cohort].astype(np.float32)
    expected = smooth(levels(counts, chosen)[:, None] * counts.sent * chosen)
    answers = np.log((smooth(counts.responded) + ANSWER_KAPPA) / (expected + ANSWER_KAPPA))
    return organic.astype(np.float32), answers.astype(np.float32)


def ahead(matrix: NDArray[np.floating], window: int) -> Floats:
    """The mean of each hour and the `window` - 1 hours after it, around the clock."""
    return np.asarray(sum(np.roll(matrix, -step, axis=-1) for step in range(window)) / window)


def thin(counts: Counts, seed: int) -> tuple[Counts, Counts]:
    """Every message goes to one of two halves by the toss of a coin; organic activity is in both."""
    rng = np.random.default_rng(seed)
    answered = counts.responded.astype(np.int64)
    silent = counts.sent.astype(np.int64) - answered
    first = rng.binomial(answered, 0.5)
    first_silent = rng.binomial(silent, 0.5)
    halves = []
    for hit, miss in ((first, first_silent), (answered - first, silent - first_silent)):
        halves.append(
            Counts(
                counts.contacts,
                counts.cohorts,
                counts.cohort,
                (hit + miss).astype(np.float32),
                hit.astype(np.float32),
                counts.organic,
            )
        )
    return halves[0], halves[1]


def informative(counts: Counts) -> NDArray[np.int64]:
    """Positions of contacts with an answer who were messaged at two hours at least; others tell nothing about hours."""
    return np.flatnonzero((counts.responded.sum(axis=1) > 0) & ((counts.sent > 0).sum(axis=1) > 1))


def event_losses(counts: Counts, log_chance: NDArray[np.floating]) -> tuple[Floats, Floats]:
    """Per contact: the sum over answers of -log P(it fell into its hour | the hours messaged), and the answers."""
    chance = np.where(counts.sent > 0, np.log(np.maximum(counts.sent, 1)) + log_chance, NEVER)
    log_share = chance - logsumexp(chance, axis=1, keepdims=True)
    surprise = np.where(counts.responded > 0, -log_share, 0.0)
    loss = (counts.responded * surprise).sum(axis=1, dtype=np.float64)
    return loss, counts.responded.sum(axis=1, dtype=np.float64)


def learn_weights(
    history: Counts,
    target: Counts,
    curves: Floats,
    shapes_by_kappa: dict[float, Floats],
    days: Mixture | None = None,
) -> Weights:
    """The weights under which `target`'s answers are least surprising, given profiles from `history`."""
    # Imported where it works: who only looks whether there is work should not wait a second for it.
    from scipy.optimize import minimize

    keep = informative(target)
    history, target = history.rows(keep), target.rows(keep)
    base = np.log(curves)[target.cohort].astype(np.float32)
    tried: list[tuple[float, Weights]] = []
    for (kappa, shapes), window in product(shapes_by_kappa.items(), WINDOWS_HOURS):
        stack = np.stack(profiles(history, curves, shapes, kappa, window, days))

        def cost(point: Floats, stack: Counts32 = stack) -> tuple[float, Floats]:
            return _cost(point, stack, base, target)[:2]

        found = minimize(cost, [0.25, 0.25], jac=True, method="L-BFGS-B", bounds=[(0, 2), (0, 2)])
        variance = np.linalg.inv(_cost(found.x, stack, base, target)[2])
        organic, answers = (float(weight) for weight in found.x)
        table = tuple(tuple(float(cell) for cell in line) for line in variance)
        weights = Weights(organic, answers, kappa, window, table)
        tried.append((float(found.fun), weights))
    return min(tried, key=lambda item: item[0])[1]


def _cost(
    point: Floats, stack: Counts32, base: Counts32, target: Counts
) -> tuple[float, Floats, Floats]:
    """Negative log likelihood with a weak ridge, its gradient and its Hessian."""
    chance = base + np.tensordot(point.astype(np.float32), stack, axes=1)
    share = target.sent * np.exp(chance)
    share /= np.maximum(share.sum(axis=1, keepdims=True), 1e-30)
    answers = target.responded.sum(axis=1, dtype=np.float64)
    loss, _ = event_losses(target, chance)
    mean = (stack * share).sum(axis=2, dtype=np.float64)
    seen = (stack * target.responded).sum(axis=2, dtype=np.float64)
    gradient = (mean * answers - seen).sum(axis=1) + WEIGHT_RIDGE * point
    hessian = np.empty((len(point), len(point)))
    for a in range(len(point)):
        for b in range(len(point)):
            both = (stack[a] * stack[b] * share).sum(axis=1, dtype=np.float64)
            hessian[a, b] = ((both - mean[a] * mean[b]) * answers).sum()
    hessian += WEIGHT_RIDGE * np.eye(len(point))
    return float(loss.sum() + WEIGHT_RIDGE / 2 * point @ point), gradient, hessian


def best_hours(
    counts: Counts,
    curves: Floats,
    shapes: Floats,
    weights: Weights,
    eligible: NDArray[np.int64],
    days: Mixture | None = None,
) -> tuple[Counts32, Floats, Floats]:
    """Per contact: how good each hour is (n × 24, logarithms), the expected gain of the best eligible one over the
    cohort's best, and that gain cautiously.

    Both weights were learned from profiles as thin as these, so the expectation is already shrunk for thin ones; the
    cautious gain is the 10th percentile over what is not known about the weights themselves.
    """
    organic, answers = profiles(counts, curves, shapes, weights.kappa, weights.window, days)
    base = np.log(curves)[counts.cohort].astype(np.float32)
    chance = base + weights.organic * organic + weights.answers * answers
    own = eligible[chance[:, eligible].argmax(axis=1)]
    usual = eligible[curves[:, eligible].argmax(axis=1)][counts.cohort]
    row = np.arange(len(own))
    difference = (chance[row, own] - chance[row, usual]).astype(np.float64)
    moved = np.stack([part[row, own] - part[row, usual] for part in (organic, answers)])
    spread = np.sqrt(np.einsum("ai,ab,bi->i", moved, np.array(weights.variance), moved))
    return chance, np.expm1(difference), np.expm1(difference - CAUTION_SD * spread)
