"""How often Python looks for cycles is changed by whoever starts a process, and never lowered."""

from __future__ import annotations

import gc

import pytest

from warehouse.memory import OBJECTS, look_seldom


@pytest.mark.parametrize(("before", "after"), [(700, OBJECTS), (OBJECTS * 2, OBJECTS * 2), (0, 0)])
def test_only_a_lower_threshold_is_raised(before: int, after: int) -> None:
    """The thresholds of what has lived longer stay; 0 is a collector that is switched off."""
    kept = gc.get_threshold()
    try:
        gc.set_threshold(before, 10, 10)
        look_seldom()
        assert gc.get_threshold() == (after, 10, 10)
    finally:
        gc.set_threshold(*kept)
