"""How often and for how much customers will buy: BG/NBD for orders, Gamma-Gamma for their value, fitted by likelihood.

Sources: Fader, Hardie and Lee, "Counting your customers the easy way", Marketing Science 24 (2005), equations 6 and 10;
Fader and Hardie, "The Gamma-Gamma model of monetary value" (2013), equations 1a and 5. Times are in weeks. Both are
fitted in logarithms with a weak pull towards one, so that few customers give no infinite parameters.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import betaln, gammaln, hyp2f1

Floats = NDArray[np.float64]
FITTING_CUSTOMERS = 50_000
PULL = 0.02
CHUNK_DRAWS = 4_000_000


@dataclass(frozen=True)
class Buyers:
    """Arrays of one length: orders after the first (`repeats`), weeks from first to last order and from first to now,
    mean value of an order against that of the currency, and how many orders that mean is over.
    """

    repeats: Floats
    last: Floats
    age: Floats
    value: Floats
    valued: Floats

    def some(self, most: int, seed: int) -> Buyers:
        """At most so many of them, drawn at random."""
        size = len(self.repeats)
        if size <= most:
            return self
        drawn = np.sort(np.random.default_rng(seed).choice(size, most, replace=False))
        return Buyers(*(getattr(self, name)[drawn] for name in self.__dataclass_fields__))


@dataclass(frozen=True)
class Habits:
    """The parameters of both models."""

    r: float
    alpha: float
    a: float
    b: float
    p: float
    q: float
    v: float

    def alive(self, who: Buyers) -> Floats:
        """The chance that each is a customer still."""
        return np.where(who.repeats > 0, 1 / (1 + self._left(who)), 1.0)

    def orders(self, who: Buyers, weeks: float) -> Floats:
        """The orders to expect of each in so many weeks."""
        x, until, a = who.repeats, self.alpha + who.age, self.a
        a = a if abs(a - 1) > 1e-4 else 1 + 1e-4
        power = (until / (until + weeks)) ** (self.r + x)
        series = hyp2f1(self.r + x, self.b + x, a + self.b + x - 1, weeks / (until + weeks))
        still = (a + self.b + x - 1) / (a - 1) * (1 - power * series)
        return np.asarray(np.maximum(0.0, still * self.alive(who)))

    def spend(self, who: Buyers) -> Floats:
        """The value to expect of each one's next order, against the currency's mean order."""
        weight = self.p * who.valued
        return np.asarray(self.p * (self.v + who.value * who.valued) / (weight + self.q - 1))

    def interval(self, who: Buyers, weeks: float, draws: int, seed: int) -> tuple[Floats, Floats]:
        """The 5th and 95th percentile of each one's value in so many weeks, by drawing futures."""
        low, high = np.empty(len(who.repeats)), np.empty(len(who.repeats))
        rng, alive = np.random.default_rng(seed), self.alive(who)
        step = max(1, CHUNK_DRAWS // draws)
        for start in range(0, len(low), step):
            part = slice(start, start + step)
            x, shape = who.repeats[part, None], (len(low[part]), draws)
            rate = rng.gamma(self.r + x, 1 / (self.alpha + who.age[part, None]), shape)
            leaves = np.clip(rng.beta(self.a, self.b + x, shape), 1e-12, 1.0)
            until_left = rng.geometric(leaves)
            orders = np.minimum(rng.poisson(rate * weeks), until_left)
            orders = orders * (rng.random(shape) < alive[part, None])
            seen = self.p * who.valued[part, None]
            scale = rng.gamma(seen + self.q, 1.0, shape) / (
                self.v + (who.value * who.valued)[part, None]
            )
            worth = orders * self.p / np.maximum(scale, 1e-12)
            low[part], high[part] = np.quantile(worth, [0.05, 0.95], axis=1)
        return low, high

    def _left(self, who: Buyers) -> Floats:
        """The odds that each has left, for those with a repeat order."""
        odds = self.a / (self.b + np.maximum(who.repeats, 1) - 1)
        ratio = (self.alpha + who.age) / (self.alpha + who.last)
        return np.asarray(odds * ratio ** (self.r + who.repeats))


def fit(who: Buyers, seed: int) -> Habits:
    """The parameters under which these customers' past is most likely."""
    some = who.some(FITTING_CUSTOMERS, seed)
    r, alpha, a, b = _best(lambda point: _order_loss(point, some), (0.3, 5.0, 0.7, 2.0))
    paid = some.repeats > 0
    value, count = some.value[paid], some.valued[paid]
    use = (value > 0) & (count > 0)
    p, q, v = _best(lambda point: _value_loss(point, value[use], count[use]), (5.0, 4.0, 3.0))
    # Below one, an order's expected value has no finite mean.
    return Habits(r, alpha, a, b, p, max(q, 1.05), v)


def _best(loss: Callable[[Floats], float], start: tuple[float, ...]) -> list[float]:
    # Imported where it works: who only looks whether there is work should not wait a second for it.
    from scipy.optimize import minimize

    def cost(point: Floats) -> float:
        return loss(np.exp(point)) + PULL * float(point @ point)

    bounds = [(-7.0, 9.0)] * len(start)
    found = minimize(cost, np.log(start), method="L-BFGS-B", bounds=bounds)
    return [float(value) for value in np.exp(found.x)]


def _order_loss(point: Floats, who: Buyers) -> float:
    r, alpha, a, b = point
    x = who.repeats
    base = gammaln(r + x) - gammaln(r) + r * np.log(alpha) + betaln(a, b + x) - betaln(a, b)
    stays = -(r + x) * np.log(alpha + who.age)
    left = np.log(a / (b + np.maximum(x, 1) - 1)) - (r + x) * np.log(alpha + who.last)
    return -float((base + np.where(x > 0, np.logaddexp(stays, left), stays)).sum())


def _value_loss(point: Floats, value: Floats, count: Floats) -> float:
    p, q, v = point
    shape = p * count
    found = gammaln(shape + q) - gammaln(shape) - gammaln(q) + q * np.log(v)
    found += (shape - 1) * np.log(value) + shape * np.log(count)
    found -= (shape + q) * np.log(v + count * value)
    return -float(found.sum())
