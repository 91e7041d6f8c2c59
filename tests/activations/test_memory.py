"""How often Python looks for cycles is changed for a delivery only."""

from __future__ import annotations

import gc

import pytest

from activations.memory import ROWS, few_looks


def test_the_collector_looks_less_often_and_then_as_before() -> None:
    """Also when the block fails, and a higher threshold of somebody else's stays."""
    kept, before = gc.get_threshold(), (700, 10, 10)
    try:
        gc.set_threshold(*before)
        with pytest.raises(ValueError, match="x"), few_looks():
            assert gc.get_threshold() == (ROWS, *before[1:])
            raise ValueError("x")
        assert gc.get_threshold() == before
        gc.set_threshold(ROWS * 2, *before[1:])
        with few_looks():
            assert gc.get_threshold()[0] == ROWS * 2
    finally:
        gc.set_threshold(*kept)
