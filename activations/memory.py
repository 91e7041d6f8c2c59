"""Has Python look for cycles of objects less often while many rows pass through: they hold none, and looking costs."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

ROWS = 50_000  # new objects between two looks at the youngest; Python's own is 700


@contextmanager
def few_looks() -> Iterator[None]:
    """Raise the collector's first threshold until the block ends; what is not cyclic is freed at once as ever."""
    before = gc.get_threshold()
    if gc.isenabled() and before[0] < ROWS:
        gc.set_threshold(ROWS, *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)
