"""Several connections to one open warehouse, each doing one task at a time in a thread of its own."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor, wait
from queue import SimpleQueue
from types import TracebackType
from typing import Any, TypeVar

import duckdb

from warehouse.connection import session

Done = TypeVar("Done")


class Lanes:
    """Runs up to `most` tasks at once, at most as many as the engine has threads; one lane is `con` itself.

    A file that is packed is read by one thread however many there are, so several files are what fills a machine.
    Until the block ends, nobody else uses `con`. Tasks begin in the order in which they were submitted; once one has
    raised, `failed` is true and those that have not begun raise CancelledError. Leaving the block waits for those that
    have; leaving it by an exception interrupts them.
    """

    def __init__(self, con: duckdb.DuckDBPyConnection, most: int) -> None:
        [(threads, database)] = con.execute(
            "select current_setting('threads'), current_database()"
        ).fetchall()
        others = [session(con, database) for _ in range(1, min(most, int(threads)))]
        self._lanes = [con, *others]
        self._free: SimpleQueue[duckdb.DuckDBPyConnection] = SimpleQueue()
        for lane in self._lanes:
            self._free.put(lane)
        self._pool = ThreadPoolExecutor(len(self._lanes), thread_name_prefix="lane")
        self._submitted: list[Future[Any]] = []
        self.failed = False

    def submit(self, task: Callable[[duckdb.DuckDBPyConnection], Done]) -> Future[Done]:
        """Run `task` with a connection when there is room."""
        future = self._pool.submit(self._run, task)
        self._submitted.append(future)
        return future

    def _run(self, task: Callable[[duckdb.DuckDBPyConnection], Done]) -> Done:
        if self.failed:
            raise CancelledError
        lane = self._free.get()
        try:
            return task(lane)
        except BaseException:
            self.failed = True
            raise
        finally:
            self._free.put(lane)

    def __enter__(self) -> Lanes:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if error is not None:
            self._pool.shutdown(wait=False, cancel_futures=True)
            # Again and again: between two statements there is nothing to interrupt.
            while wait(self._submitted, timeout=0.1).not_done:
                for lane in self._lanes:
                    lane.interrupt()
        self._pool.shutdown(wait=True)
        for other in self._lanes[1:]:
            other.close()
