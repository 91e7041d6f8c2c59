"""Groups of contacts who like the same variants, found in what each opened and clicked: a finite mixture.

A contact belongs to one of a few hidden groups; each group has its own chance to click an opened message, and its own
share of opens, by variant. How often a contact opens at all says nothing of taste, so it is conditioned on and not
modelled: opens are shared out among the variants that were sent. Fitted by expectation maximisation (Dempster, Laird
and Rubin 1977); how many groups there are is chosen by how well contacts that were not learned from are foretold.
A contact's worth of a variant is the mean over the groups that they may belong to, so one click moves it a little.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ml.metrics import Floats

SIZES = (1, 2, 3, 4, 6)
STARTS = 3
ROUNDS = 200
ENOUGH = 1e-7  # relative gain of likelihood at which a fit is done
FURTHEST = 40  # rounds of the short fits that choose a start and a size
PRIOR_OPENS = 10.0  # opens at everybody's rates that each group is held to have seen
MOST_LEARNED = 20_000
FOLDS = 2


@dataclass(frozen=True)
class Counts:
    """What each contact was sent, opened and clicked of each variant, contacts × variants; clicks count as opens."""

    sent: Floats
    opened: Floats
    clicked: Floats

    def of(self, rows: np.ndarray) -> Counts:
        """Some contacts' counts."""
        return Counts(self.sent[rows], self.opened[rows], self.clicked[rows])


@dataclass(frozen=True)
class Tastes:
    """`opens` (groups × variants, of mean 1) and `clicks` (groups × variants, given an open), and groups' `share`."""

    share: Floats
    opens: Floats
    clicks: Floats

    def belonging(self, counts: Counts) -> Floats:
        """How likely each contact is of each group, contacts × groups; rows sum to 1."""
        return _normed(self._evidence(counts))[0]

    def likelihood(self, counts: Counts) -> float:
        """The log-likelihood of all contacts together, given how often each opened."""
        return float(_normed(self._evidence(counts))[1].sum())

    def worth(self, counts: Counts) -> Floats:
        """Each variant's expected clicks per message beside its mean over everybody's groups, as a logarithm."""
        value = self.opens * self.clicks
        mean = self.share @ value
        return np.asarray(np.log(self.belonging(counts) @ value / mean))

    def as_dict(self) -> dict[str, list[object]]:
        """Plain data for the model's file."""
        return {name: getattr(self, name).tolist() for name in ("share", "opens", "clicks")}

    @classmethod
    def from_dict(cls, data: dict[str, list[object]]) -> Tastes:
        """The groups that `as_dict` described."""
        return cls(
            *(np.array(data[name], dtype=np.float64) for name in ("share", "opens", "clicks"))
        )

    def _evidence(self, counts: Counts) -> Floats:
        spread = np.log(np.maximum(counts.sent @ self.opens.T, 1e-12))
        return np.asarray(
            np.log(self.share)
            + counts.opened @ np.log(self.opens).T
            - counts.opened.sum(axis=1, keepdims=True) * spread
            + counts.clicked @ np.log(self.clicks).T
            + (counts.opened - counts.clicked) @ np.log1p(-self.clicks).T
        )


def fit(counts: Counts, seed: int = 7) -> Tastes:
    """Learn the groups; with nothing opened there is one, and all are alike."""
    active = np.flatnonzero(counts.opened.sum(axis=1) > 0)
    rng = np.random.default_rng(seed)
    if len(active) > MOST_LEARNED:
        active = np.sort(rng.choice(active, MOST_LEARNED, replace=False))
    known = counts.of(active)
    fold = rng.permutation(len(active)) % FOLDS
    halves = [(known.of(fold != number), known.of(fold == number)) for number in range(FOLDS)]
    foretold = {
        size: sum(_best(here, size, seed, FURTHEST).likelihood(there) for here, there in halves)
        for size in SIZES
    }
    size = max(foretold, key=foretold.__getitem__)
    return _best(known, size, seed, ROUNDS)


def _best(counts: Counts, size: int, seed: int, rounds: int) -> Tastes:
    """The likeliest of a few starts, carried on."""
    starts = STARTS if size > 1 else 1
    tried = [_learn(counts, _begin(counts, size, seed + n), FURTHEST) for n in range(starts)]
    best = max(tried, key=lambda one: one.likelihood(counts))
    return _learn(counts, best, rounds - FURTHEST) if rounds > FURTHEST and size > 1 else best


def _begin(counts: Counts, size: int, seed: int) -> Tastes:
    """Everybody's rates, each group's moved by chance."""
    opens, clicks = _everyone(counts)
    rng = np.random.default_rng(seed)
    moved = 0.7 * (size > 1)
    odds = np.log(clicks / (1 - clicks)) + rng.normal(0, moved, (size, len(clicks)))
    return Tastes(np.full(size, 1 / size), np.tile(opens, (size, 1)), 1 / (1 + np.exp(-odds)))


def _learn(counts: Counts, found: Tastes, rounds: int) -> Tastes:
    opens, clicks = _everyone(counts)
    before = -np.inf
    for _ in range(rounds):
        belongs, level = _normed(found._evidence(counts))
        total = float(level.sum())
        if total - before < ENOUGH * abs(total):
            break
        before = total
        # Opens given their number: a minorising step (Hunter 2004) instead of a closed form, which there is not.
        spread = np.maximum(counts.sent @ found.opens.T, 1e-12)
        weight = belongs * counts.opened.sum(axis=1, keepdims=True) / spread
        expected = weight.T @ counts.sent
        ratio = (belongs.T @ counts.opened + PRIOR_OPENS * opens) / (expected + PRIOR_OPENS)
        opened = belongs.T @ counts.opened
        chance = (belongs.T @ counts.clicked + PRIOR_OPENS * clicks) / (opened + PRIOR_OPENS)
        share = (belongs.sum(axis=0) + 1) / (len(belongs) + len(found.share))
        found = Tastes(
            np.asarray(share),
            np.asarray(ratio / ratio.mean(axis=1, keepdims=True)),
            np.asarray(np.clip(chance, 1e-6, 1 - 1e-6)),
        )
    return found


def _everyone(counts: Counts) -> tuple[Floats, Floats]:
    """Everybody's opens by variant (of mean 1) and clicks of an opened message."""
    sent, opened, clicked = (
        part.sum(axis=0) for part in (counts.sent, counts.opened, counts.clicked)
    )
    rate = (opened + 1) / (sent + 2)
    return rate / rate.mean(), (clicked + 1) / (opened + 2)


def _normed(evidence: Floats) -> tuple[Floats, Floats]:
    """Rows as probabilities, and the logarithm of what each summed to."""
    most = evidence.max(axis=1, keepdims=True)
    parts = np.exp(evidence - most)
    total = parts.sum(axis=1, keepdims=True)
    return np.asarray(parts / total), np.asarray((most + np.log(total))[:, 0])


__all__ = ["Counts", "Tastes", "fit"]
