"""Off-policy evaluation: right on logs whose truth is known, silent where a log says too little."""

from __future__ import annotations

import numpy as np
import pytest

from ml import offpolicy
from ml.errors import ModelError
from ml.metrics import Floats
from ml.offpolicy import Log

OPTIONS = 6


class World:
    """Contacts with a taste for one option; a logging policy that mostly sends the third, with 30 % exploration."""

    def __init__(self, seed: int, contacts: int = 1500, each: int = 4) -> None:
        rng = np.random.default_rng(seed)
        self.rng = rng
        self.taste = np.repeat(rng.integers(0, OPTIONS, contacts), each)
        self.level = np.repeat(rng.uniform(0.1, 0.3, contacts), each)
        self.entity = np.repeat(np.arange(contacts), each)
        self.truth = self.level[:, None] * (1 + np.eye(OPTIONS)[self.taste])
        rows = len(self.entity)
        self.logging = np.full((rows, OPTIONS), 0.3 / OPTIONS)
        self.logging[:, 2] += 0.7

    def log(self) -> Log:
        rows = np.arange(len(self.entity))
        draw = self.rng.random((len(rows), 1))
        chosen = (self.logging.cumsum(axis=1) < draw).sum(axis=1).clip(0, OPTIONS - 1)
        reward = (self.rng.random(len(rows)) < self.truth[rows, chosen]).astype(float)
        return Log(self.entity, reward, self.logging[rows, chosen], chosen)

    def personal(self, taste: np.ndarray) -> Floats:
        return 0.8 * np.eye(OPTIONS)[taste] + 0.2 / OPTIONS

    def value(self, policy: Floats) -> float:
        return float((policy * self.truth).sum(axis=1).mean())


def own(log: Log, policy: Floats) -> Floats:
    return np.asarray(policy[np.arange(len(log)), log.chosen])


def rates(log: Log) -> offpolicy.Fit:
    """A poor reward model: each option's mean, the same for everybody."""

    def fit(here: np.ndarray, there: np.ndarray) -> Floats:
        assert log.chosen is not None
        assert not set(log.entity[here]) & set(log.entity[there])
        means = [log.reward[here][log.chosen[here] == option].mean() for option in range(OPTIONS)]
        return np.tile(means, (len(there), 1))

    return fit


@pytest.mark.parametrize("method", ["ips", "snips", "dr"])
def test_a_policy_equal_to_the_log_returns_the_logged_mean(method: str) -> None:
    """Negative control: nothing changed, nothing gained. DR's model is corrected to within its noise."""
    world = World(1)
    log = world.log()
    if method == "dr":
        found = offpolicy.dr(log, world.logging, offpolicy.cross_fit(log.entity, rates(log)))
        assert found.value == pytest.approx(log.reward.mean(), abs=0.005)
    else:
        found = getattr(offpolicy, method)(log, log.propensity)
        assert found.value == pytest.approx(log.reward.mean(), abs=1e-12)
    assert found.low < log.reward.mean() < found.high
    same = offpolicy.compare(log, log.propensity, log.propensity)
    assert (same.value, same.low, same.high) == (0, 0, 0)


@pytest.mark.parametrize("method", ["ips", "snips", "dr"])
def test_estimates_are_unbiased_and_their_intervals_hold_the_truth(method: str) -> None:
    """Over forty worlds: no bias beyond its own error, and the 90 % interval covers about that often."""
    errors, covered = [], 0
    for seed in range(40):
        world = World(100 + seed)
        policy, log = world.personal(world.taste), world.log()
        if method == "dr":
            found = offpolicy.dr(log, policy, offpolicy.cross_fit(log.entity, rates(log)))
        else:
            found = getattr(offpolicy, method)(log, own(log, policy))
        truth = world.value(policy)
        errors.append(found.value - truth)
        covered += found.low <= truth <= found.high
    spread = np.std(errors) / np.sqrt(len(errors))
    assert abs(np.mean(errors)) < 3 * spread + 0.002
    assert 31 <= covered <= 40


def test_the_right_mapping_shows_a_lift_and_a_shuffled_one_none() -> None:
    """Negative control: tastes dealt out to other contacts earn what a random option earns."""
    world = World(7, contacts=4000)
    log = world.log()
    expected = offpolicy.cross_fit(log.entity, rates(log))
    uniform = np.full((len(log), OPTIONS), 1 / OPTIONS)
    dealt = np.random.default_rng(3).permutation(4000)
    shuffled = world.taste.reshape(4000, -1)[dealt].ravel()
    right = offpolicy.compare(log, world.personal(world.taste), uniform, expected)
    wrong = offpolicy.compare(log, world.personal(shuffled), uniform, expected)

    assert right.low > 0.05
    assert wrong.low < 0 < wrong.high
    assert abs(wrong.value) < 0.02


def test_repeating_every_row_of_a_contact_does_not_narrow_the_interval() -> None:
    """Contacts are resampled whole: ten copies of a message are not ten messages."""
    world = World(11)
    log = world.log()
    policy = own(log, world.personal(world.taste))
    again = np.repeat(np.arange(len(log)), 10)
    copies = Log(log.entity[again], log.reward[again], log.propensity[again])
    once, often = offpolicy.snips(log, policy), offpolicy.snips(copies, policy[again])

    assert often.value == pytest.approx(once.value)
    assert often.high - often.low == pytest.approx(once.high - once.low, rel=0.1)


def test_a_log_that_says_too_little_is_refused_in_a_sentence() -> None:
    """Two rows carry all the weight, or there are too few clicks: no figure, but the reason."""
    rng = np.random.default_rng(5)
    propensity = np.full(10_000, 0.5)
    propensity[:2] = 1e-7
    log = Log(np.arange(10_000), (rng.random(10_000) < 0.1).astype(float), propensity)
    tiny = offpolicy.snips(log, np.full(10_000, 0.1))
    rare = Log(np.arange(5_000), (np.arange(5_000) < 12).astype(float), np.full(5_000, 0.5))
    few = offpolicy.ips(rare, np.full(5_000, 0.5))

    assert tiny.refusal is not None
    assert tiny.refusal.startswith("not estimable (ESS 2)")
    assert np.isnan(tiny.value)
    assert few.refusal is not None
    assert few.refusal.startswith("not estimable (12 rewards)")


def test_propensities_that_were_not_those_of_the_log_raise_the_alarm() -> None:
    """The weights' mean must be 1 within three standard errors."""
    world = World(13)
    log = world.log()
    policy = np.where(log.chosen == 2, 0.8, 0.04)
    wrong = Log(log.entity, log.reward, np.full(len(log), 1 / OPTIONS), log.chosen)

    assert offpolicy.support(log, policy).warning is None
    assert "instead of 1" in str(offpolicy.support(wrong, policy).warning)


def test_clipping_bounds_the_weights_and_leaves_the_support_as_it_is() -> None:
    """What is clipped is the estimate; what the log says about the policy is told unclipped."""
    world = World(17)
    log = world.log()
    policy = own(log, world.personal(world.taste))

    assert offpolicy.weights(log, policy, 3.0).max() == 3.0
    assert offpolicy.snips(log, policy, clip=3.0).support.greatest > 10


@pytest.mark.parametrize(
    ("propensity", "reward", "words"),
    [(0.0, 1.0, "above 0"), (1.2, 1.0, "above 0"), (float("nan"), 1.0, "above 0"), (0.5, float("inf"), "finite")],
)  # fmt: skip
def test_what_no_log_can_hold_is_an_error(propensity: float, reward: float, words: str) -> None:
    """A chance of nought for what happened, above one, or none at all."""
    with pytest.raises(ModelError, match=words):
        Log(np.arange(1), np.array([reward]), np.array([propensity]))
