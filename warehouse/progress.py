"""Reports how far a long statement has come, from a thread beside it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import duckdb


class Meter:
    """Adds up how much of a whole is done while several parts go on at once."""

    def __init__(self, report: Callable[[str, int, int], None], total: int) -> None:
        """`report(part, done, total)` gets each step, of all parts together; from any thread."""
        self._report, self._total = report, total
        self._done: dict[str, int] = {}
        self._lock = threading.Lock()

    def within(self, part: str, size: int, fraction: float) -> None:
        """So much of a part of this size is done."""
        with self._lock:
            self._done[part] = int(fraction * size)
            self._report(part, sum(self._done.values()), self._total)


@contextmanager
def watched(
    con: duckdb.DuckDBPyConnection, report: Callable[[float], None], every_seconds: float = 2.0
) -> Iterator[None]:
    """Call `report(fraction)` every few seconds while the block runs statements on `con`.

    Short statements are over before the first call. An error in `report` ends the reports, not the statement.
    """
    con.execute("set enable_progress_bar = true")
    con.execute("set enable_progress_bar_print = false")
    over = threading.Event()

    def follow() -> None:
        while not over.wait(every_seconds):
            percent = con.query_progress()
            if 0 <= percent <= 100:
                report(percent / 100)

    thread = threading.Thread(target=follow, daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
