"""Gives each message one of its hours so that all together earn most, when an hour takes only so many messages.

A transportation problem. Its dual has one price per hour: everybody takes the hour that is worth most to them after
its price. Prices are found on a sample with a smoothed dual (Cuturi 2013), all choose by them at once, and what
is still too much for an hour moves to its next best, those first who lose least.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats32 = NDArray[np.float32]
Indices = NDArray[np.int64]
SAMPLE = 20_000
TEMPERATURES = (0.1, 0.01)  # of the spread of values: coarse, then fine
CHUNK = 200_000


@dataclass(frozen=True)
class Problem:
    """n messages with up to K slots each: `value` n × K, -inf where a slot may not be taken; `window` (n) says which
    row of `hours` (windows × K) maps a message's slots to hours; `capacity` is how many messages each hour takes.
    """

    value: Floats32
    window: Indices
    hours: Indices
    capacity: NDArray[np.float64]

    def rows(self, which: Indices | slice) -> Problem:
        """The same for some of the messages, hours as they are."""
        return Problem(self.value[which], self.window[which], self.hours, self.capacity)

    def net(self, prices: NDArray[np.float64]) -> Floats32:
        """Values after prices."""
        return np.asarray(self.value - prices.astype(np.float32)[self.hours][self.window])


def assign(problem: Problem, seed: int = 7) -> Indices:
    """The slot (0 to K - 1) of each message; -1 for one without any.

    Where all hours together are too few, whoever is left over keeps the slot that they like best.
    """
    size = len(problem.value)
    usable = np.isfinite(problem.value).any(axis=1) if size else np.zeros(0, dtype=bool)
    best = np.where(usable, problem.value.argmax(axis=1), -1) if size else np.zeros(0, np.int64)
    if not size or not (_loads(problem, best) > problem.capacity).any():
        return np.asarray(best, dtype=np.int64)
    prices = _prices(problem.rows(np.flatnonzero(usable)), seed)
    chosen = np.full(size, -1, dtype=np.int64)
    for start in range(0, size, CHUNK):
        chosen[start : start + CHUNK] = (
            problem.rows(slice(start, start + CHUNK)).net(prices).argmax(axis=1)
        )
    chosen[~usable] = -1
    return _repair(problem, chosen, best, prices)


def _loads(problem: Problem, chosen: Indices) -> NDArray[np.float64]:
    """Messages by hour."""
    taken = np.flatnonzero(chosen >= 0)
    hour = problem.hours[problem.window[taken], chosen[taken]]
    return np.bincount(hour, minlength=len(problem.capacity)).astype(np.float64)


def _prices(problem: Problem, seed: int) -> NDArray[np.float64]:
    """Prices, 0 or more, at which a sample's demand fits its share of every capacity, as nearly as can be."""
    # Imported where it works: who only looks whether there is work should not wait a second for it.
    from scipy.optimize import minimize

    size = len(problem.value)
    share = min(1.0, SAMPLE / size)
    drawn = np.random.default_rng(seed).random(size) < share
    part = problem.rows(np.flatnonzero(drawn))
    count, spread = len(part.value), _spread(part.value)
    # An hour that takes everybody costs nothing, whatever its capacity.
    room = np.minimum(problem.capacity * (count / size), float(count))
    hour = part.hours[part.window]
    prices = np.zeros(len(room))

    def dual(point: NDArray[np.float64], heat: float) -> tuple[float, NDArray[np.float64]]:
        net = part.value - point[hour]
        top = net.max(axis=1, keepdims=True)
        weight = np.exp((net - top) / heat)
        total = weight.sum(axis=1, keepdims=True)
        weight /= total
        demand = np.bincount(hour.ravel(), weights=weight.ravel(), minlength=len(room))
        gain = float((top + heat * np.log(total)).sum()) + float(room @ point)
        return gain / count, (room - demand) / count

    limit = float(np.nanmax(np.where(np.isfinite(part.value), part.value, np.nan)))
    limit = max(spread, limit - float(part.value[np.isfinite(part.value)].min()))
    for share_of_spread in TEMPERATURES:
        heat = share_of_spread * spread
        found = minimize(
            lambda point, heat=heat: dual(point, heat), prices, jac=True, method="L-BFGS-B",
            bounds=[(0.0, 2 * limit)] * len(room), options={"maxiter": 80},
        )  # fmt: skip
        prices = found.x
    return np.asarray(prices)


def _repair(
    problem: Problem, chosen: Indices, best: Indices, prices: NDArray[np.float64]
) -> Indices:
    """Move what an hour cannot take to the best hour with room, in rounds; each round fills an hour at least."""
    full = np.zeros(len(problem.capacity), dtype=bool)
    for _ in range(len(problem.capacity) + 1):
        loads = _loads(problem, chosen)
        over = np.flatnonzero(loads > problem.capacity)
        if not len(over):
            break
        full |= loads >= problem.capacity
        taken = np.flatnonzero(chosen >= 0)
        hour = problem.hours[problem.window[taken], chosen[taken]]
        for crowded in over:
            mine = taken[hour == crowded]
            net = problem.rows(mine).net(prices)
            others = np.where(full[problem.hours[problem.window[mine]]], -np.inf, net)
            loss = net[np.arange(len(mine)), chosen[mine]] - others.max(axis=1)
            # Whoever has nowhere to go stays; those who lose least go first.
            leaving = mine[np.argsort(loss, kind="stable")][
                : len(mine) - int(max(problem.capacity[crowded], 0))
            ]
            chosen[leaving] = -2
        homeless = np.flatnonzero(chosen == -2)
        net = problem.rows(homeless).net(prices)
        net[full[problem.hours[problem.window[homeless]]]] = -np.inf
        settled = np.isfinite(net).any(axis=1)
        chosen[homeless] = np.where(settled, net.argmax(axis=1), -3)
    left = chosen < -1
    chosen[left] = best[left]
    return chosen


def _spread(value: Floats32) -> float:
    """The standard deviation of values within messages: what choosing well is about."""
    finite = np.where(np.isfinite(value), value, np.nan)
    found = float(np.sqrt(np.nanmean(np.nanvar(finite, axis=1))))
    return max(found, 1e-9)
