"""Reports how far a long statement has come, from a thread beside it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import duckdb


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
