"""Hours under a capacity: within it always, and as good as the linear programme's optimum."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import linprog
from scipy.sparse import coo_array

from activations.outbox.assign import Problem, assign


def problem(count: int, seed: int, room: float = 1.2, like: float = 1.0, slots: int = 8) -> Problem:
    """Messages in two zones that see the same hours under other slots; some slots are quiet."""
    rng = np.random.default_rng(seed)
    shared = np.sin(np.arange(slots) / slots * 2 * np.pi)
    value = (like * shared + rng.normal(0, 0.3, (count, slots))).astype(np.float32)
    hours = np.stack([np.arange(slots), np.arange(slots) + 3])
    value[:, 1] = -np.inf
    capacity = np.full(slots + 3, np.ceil(room * count / (slots + 3)))
    return Problem(value, rng.integers(0, 2, count), hours, capacity)


def loads(given: Problem, chosen: np.ndarray) -> np.ndarray:
    hour = given.hours[given.window, chosen]
    return np.bincount(hour, minlength=len(given.capacity))


def earned(given: Problem, chosen: np.ndarray) -> float:
    return float(given.value[np.arange(len(chosen)), chosen].sum())


def optimum(given: Problem) -> float:
    """The transportation problem as a linear programme; its optimum is whole."""
    count = len(given.value)
    row, slot = np.nonzero(np.isfinite(given.value))
    columns = np.arange(len(row))
    hour = given.hours[given.window[row], slot]
    ones = np.ones(len(row))
    once = coo_array((ones, (row, columns)), shape=(count, len(row)))
    within = coo_array((ones, (hour, columns)), shape=(len(given.capacity), len(row)))
    found = linprog(
        -given.value[row, slot], A_ub=within, b_ub=given.capacity, A_eq=once, b_eq=np.ones(count)
    )
    assert found.status == 0
    return -float(found.fun)


@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize("room", [1.15, 1.5, 3.0])
@pytest.mark.parametrize("like", [0.0, 1.0])
def test_it_is_within_half_a_percent_of_the_optimum(seed: int, room: float, like: float) -> None:
    """Of what there is to win over the worst that everybody could be given; loads never exceed a capacity."""
    given = problem(400, seed, room, like)
    chosen = assign(given)
    floor = float(np.where(np.isfinite(given.value), given.value, np.inf).min(axis=1).sum())
    best = optimum(given)

    assert (loads(given, chosen) <= given.capacity).all()
    assert np.isfinite(given.value[np.arange(400), chosen]).all()
    assert earned(given, chosen) - floor >= 0.995 * (best - floor)


def test_identical_messages_fill_the_best_hours_in_turn() -> None:
    """All like the same: the best hour is full, then the next, as the optimum has it."""
    value = np.tile(np.array([3, 2, 1, 0], dtype=np.float32), (100, 1))
    given = Problem(value, np.zeros(100, int), np.arange(4)[None, :], np.array([40.0, 40, 40, 40]))
    chosen = assign(given)

    assert loads(given, chosen).tolist() == [40, 40, 20, 0]


def test_with_room_everybody_gets_their_best_and_nobody_without_a_slot_gets_one() -> None:
    """Capacity that does not bind changes nothing."""
    given = problem(200, 4, room=50)
    value = given.value.copy()
    value[0] = -np.inf
    chosen = assign(Problem(value, given.window, given.hours, given.capacity))

    assert chosen[0] == -1
    assert (chosen[1:] == value[1:].argmax(axis=1)).all()


def test_too_little_room_loses_nobody() -> None:
    """Who is left over keeps the hour that they like best; the queue of the outbox moves them on."""
    given = problem(300, 5, room=0.5)
    chosen = assign(given)

    assert (chosen >= 0).all()
    reached = np.delete(np.minimum(loads(given, chosen), given.capacity), 1)
    assert (reached == np.delete(given.capacity, 1)).all()  # hour 1 is quiet for both zones


def test_nobody_is_no_problem() -> None:
    """No messages, no hours."""
    empty = Problem(
        np.zeros((0, 3), np.float32), np.zeros(0, int), np.zeros((1, 3), int), np.ones(3)
    )
    assert len(assign(empty)) == 0
