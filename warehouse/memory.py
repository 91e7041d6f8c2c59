"""Has a process look for cycles of objects less often: dbt and Dagster hold very many objects, and looking costs."""

from __future__ import annotations

import gc

OBJECTS = 50_000  # new objects between two looks at the youngest; Python's own is 700


def look_seldom() -> None:
    """Raise the collector's first threshold for the life of the process; what is not cyclic is freed at once as ever.

    For whoever starts a process: a build, and the reading of the project before it, take a third less CPU by it.
    A higher threshold of somebody else's stays, and so does a collector that was switched off.
    """
    youngest, *older = gc.get_threshold()
    if 0 < youngest < OBJECTS:
        gc.set_threshold(OBJECTS, *older)
