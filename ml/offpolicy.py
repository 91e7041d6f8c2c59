"""What would another policy have earned? Answered from logged decisions with their propensities, or refused.

A row is one decision: an entity (contact), the option that was chosen, how likely that was when it was decided, and
what came of it. A policy is the chance that it gives each option. Estimators: inverse propensity scores (IPS), the
same normalised by the weights (SNIPS), and doubly robust (DR, Dudík, Langford and Li 2011) with a reward model that was
fitted on other entities. Intervals resample whole entities; policies are compared on the same rows, never by level.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ml.errors import ModelError
from ml.metrics import Floats

LEAST_ESS = 200.0
LEAST_REWARDS = 30.0
CONFIDENCE = 0.90
RESAMPLES = 1000
BLOCKS = 2000
WEIGHT_ERRORS = 3.0
Rows = NDArray[np.int64]
# Given rows to learn from and rows to judge: the expected reward of every option there, rows × options.
Fit = Callable[[Rows, Rows], Floats]


@dataclass(frozen=True)
class Log:
    """n decisions. `propensity` is that of the chosen option, in (0, 1]; `reward` is 0 or 1, or an amount.

    `chosen` indexes the options and is needed for DR only. Raises ModelError for what no log can hold.
    """

    entity: NDArray[np.generic]
    reward: Floats
    propensity: Floats
    chosen: Rows | None = None

    def __post_init__(self) -> None:
        parts = [self.entity, self.reward, self.propensity]
        sizes = {len(part) for part in parts if part is not None}
        if len(sizes) != 1:
            raise ModelError(f"a log's columns must be of one length, and are of {sorted(sizes)}")
        bad = ~((self.propensity > 0) & (self.propensity <= 1))
        if bad.any():
            raise ModelError(
                f"row {int(bad.argmax())} of the log has the propensity {self.propensity[bad][0]}: what was chosen "
                "had a chance above 0 and at most 1; log it when you decide"
            )
        if not np.isfinite(self.reward).all():
            raise ModelError("a reward in the log is no finite number")

    def __len__(self) -> int:
        return len(self.reward)


@dataclass(frozen=True)
class Support:
    """How much the log says about a policy: Kish's effective sample size, the weights' mean (1 in the long run), the
    greatest weight, and the rewards on decisions that the policy might have made.
    """

    ess: float
    mean: float
    error: float
    greatest: float
    rewards: float
    rows: int

    @property
    def is_off(self) -> bool:
        """Whether the mean weight is further from 1 than chance explains: the propensities are not what was done."""
        return abs(self.mean - 1) > WEIGHT_ERRORS * self.error + 1e-9

    @property
    def refusal(self) -> str | None:
        """Why nothing is said about the policy, in a sentence; None where enough is known."""
        if self.ess < LEAST_ESS:
            return (
                f"not estimable (ESS {self.ess:.0f}): the {self.rows:,} decisions are worth {self.ess:.0f} of this "
                f"policy's, and {LEAST_ESS:.0f} are needed"
            )
        if self.rewards < LEAST_REWARDS:
            return (
                f"not estimable ({self.rewards:.0f} rewards): on decisions that this policy might have made there "
                f"are {self.rewards:.0f} of the {LEAST_REWARDS:.0f} that are needed"
            )
        return None

    @property
    def warning(self) -> str | None:
        """What is odd about the weights, in a sentence."""
        if not self.is_off:
            return None
        return (
            f"weights average {self.mean:.2f} instead of 1 (standard error {self.error:.2f}): the logged propensities "
            "are not those of what was done, or the policy wants what was never tried"
        )


@dataclass(frozen=True)
class Estimate:
    """A value, or a difference of two, with its 90 % interval; all NaN where `refusal` says why."""

    method: str
    value: float
    low: float
    high: float
    support: Support
    refusal: str | None = None

    @property
    def words(self) -> str:
        """In a sentence."""
        if self.refusal:
            return self.refusal
        text = f"{self.method} {self.value:.4f} (90 % {self.low:.4f} to {self.high:.4f}, ESS {self.support.ess:,.0f})"
        return f"{text}; {self.support.warning}" if self.support.warning else text


def weights(log: Log, policy: Floats, clip: float | None = None) -> Floats:
    """The policy's chance of each chosen option over the log's, at most `clip`; `policy` has one value per row."""
    found = np.asarray(policy, dtype=np.float64) / log.propensity
    if len(found) != len(log) or not np.isfinite(found).all() or (found < 0).any():
        raise ModelError(
            "a policy needs one chance of 0 or more for the chosen option of every row"
        )
    return found if clip is None else np.minimum(found, clip)


def support(log: Log, policy: Floats) -> Support:
    """How much the log says about the policy, before anything is clipped."""
    weight = weights(log, policy)
    squares = float(weight @ weight)
    ess = float(weight.sum()) ** 2 / squares if squares > 0 else 0.0
    rows = len(log)
    error = float(weight.std(ddof=1)) / np.sqrt(rows) if rows > 1 else float("inf")
    mean = float(weight.mean()) if rows else 0.0
    greatest = float(weight.max(initial=0.0))
    return Support(ess, mean, error, greatest, float(log.reward[weight > 0].sum()), rows)


def ips(log: Log, policy: Floats, *, clip: float | None = None, seed: int = 7) -> Estimate:
    """The policy's value by inverse propensities; `policy` is its chance of each row's chosen option."""
    return _estimate("IPS", log, [(policy, _ips(log, weights(log, policy, clip)))], seed)


def snips(log: Log, policy: Floats, *, clip: float | None = None, seed: int = 7) -> Estimate:
    """As `ips`, divided by the weights' mean: a little bias for much less variance."""
    return _estimate("SNIPS", log, [(policy, _snips(log, weights(log, policy, clip)))], seed)


def dr(
    log: Log, policy: Floats, expected: Floats, *, clip: float | None = None, seed: int = 7
) -> Estimate:
    """Doubly robust; `policy` and `expected` (rewards, see `cross_fit`) are rows × options."""
    return _estimate("DR", log, [(_own(log, policy), _dr(log, policy, expected, clip))], seed)


def compare(
    log: Log,
    policy: Floats,
    baseline: Floats,
    expected: Floats | None = None,
    *,
    clip: float | None = None,
    seed: int = 7,
) -> Estimate:
    """What the policy earns more than the baseline, on the same rows and the same resamples.

    With `expected` both are rows × options and DR compares them; without, both are chances of the chosen options and
    SNIPS does. Refuses when the log says too little about either.
    """
    if expected is None:
        parts = [(one, _snips(log, weights(log, one, clip))) for one in (policy, baseline)]
        return _estimate("SNIPS difference", log, parts, seed)
    parts = [(_own(log, one), _dr(log, one, expected, clip)) for one in (policy, baseline)]
    return _estimate("DR difference", log, parts, seed)


def cross_fit(entity: NDArray[np.generic], fit: Fit, *, folds: int = 5, seed: int = 7) -> Floats:
    """Expected rewards, rows × options: each entity's rows are judged by a model fitted on the other entities."""
    _, position = np.unique(entity, return_inverse=True)
    fold = np.random.default_rng(seed).permutation(int(position.max(initial=0)) + 1)[position]
    fold = fold % folds
    found: Floats | None = None
    for number in range(folds):
        there = np.flatnonzero(fold == number)
        if not len(there):
            continue
        values = np.asarray(fit(np.flatnonzero(fold != number), there), dtype=np.float64)
        if found is None:
            found = np.empty((len(fold), values.shape[1]))
        found[there] = values
    return np.empty((0, 0)) if found is None else found


def _ips(log: Log, weight: Floats) -> tuple[Floats, Floats]:
    return weight * log.reward, np.ones(len(log))


def _snips(log: Log, weight: Floats) -> tuple[Floats, Floats]:
    return weight * log.reward, weight


def _dr(log: Log, policy: Floats, expected: Floats, clip: float | None) -> tuple[Floats, Floats]:
    weight = weights(log, _own(log, policy), clip)
    row = np.arange(len(log))
    direct = (policy * expected).sum(axis=1)
    return direct + weight * (log.reward - expected[row, log.chosen]), np.ones(len(log))


def _own(log: Log, policy: Floats) -> Floats:
    if log.chosen is None:
        raise ModelError("DR needs to know which option was chosen in every row")
    return np.asarray(policy[np.arange(len(log)), log.chosen])


def _estimate(
    method: str, log: Log, parts: list[tuple[Floats, tuple[Floats, Floats]]], seed: int
) -> Estimate:
    """The first part's ratio less the second's, if there is one, with the interval of resampled entities."""
    known = [support(log, policy) for policy, _ in parts]
    weakest = min(known, key=lambda one: (one.refusal is None, one.ess))
    if weakest.refusal:
        nan = float("nan")
        return Estimate(method, nan, nan, nan, weakest, weakest.refusal)
    sums = [_blocks(log, ratio, seed) for _, ratio in parts]
    drawn = np.random.default_rng(seed).poisson(1.0, (RESAMPLES, len(sums[0][0])))
    drawn[0] = 1
    values = [(drawn @ top) / np.maximum(drawn @ bottom, 1e-12) for top, bottom in sums]
    found = values[0] - values[1] if len(values) > 1 else values[0]
    tail = (1 - CONFIDENCE) / 2
    low, high = np.quantile(found[1:], [tail, 1 - tail])
    return Estimate(method, float(found[0]), float(low), float(high), weakest)


def _blocks(log: Log, ratio: tuple[Floats, Floats], seed: int) -> tuple[Floats, Floats]:
    """Sums over entities, or over random blocks of whole entities where there are very many."""
    _, position = np.unique(log.entity, return_inverse=True)
    count = int(position.max(initial=0)) + 1
    if count > BLOCKS:
        position = (np.random.default_rng(seed + 1).permutation(count) % BLOCKS)[position]
    top, bottom = (np.bincount(position, weights=part).astype(np.float64) for part in ratio)
    return top, bottom
