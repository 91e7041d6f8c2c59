"""Reads listings that are paged by offset without losing rows when the listing changes meanwhile.

A page is asked for so that it begins with the last rows of the page before it. If they are there, nothing was skipped;
if not, rows before them are gone and everything has moved up, so the reading steps back until it finds them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

PAGE = 100
TAIL = 3  # rows that two pages share; one of them may be deleted in between
Page = Callable[[int], list[dict[str, Any]]]  # the rows from an offset on, at most PAGE


def following(page: Page, place: dict[str, Any]) -> tuple[list[dict[str, Any]], bool]:
    """The next rows after `place`, which moves behind them, and whether the listing has ended.

    `place` holds `offset` and `tail` (ids of the last rows read); an empty one stands before the first row.
    """
    offset, tail = int(place.get("offset", 0)), list(place.get("tail", ()))
    while True:
        rows = page(offset)
        ids = [str(row["id"]) for row in rows]
        known = [index for index, number in enumerate(ids) if number in tail]
        if tail and not known and offset:
            offset = max(0, offset - PAGE)
            continue
        # At offset 0 without a known row everything was replaced: all of it is new.
        fresh = rows[known[-1] + 1 :] if known else rows
        if not fresh and len(rows) == PAGE:
            offset += PAGE - TAIL
            continue
        if fresh:
            place["tail"] = ids[-TAIL:]
            place["offset"] = offset + max(0, len(rows) - TAIL)
        return fresh, not fresh
