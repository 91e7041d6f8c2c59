"""Has batches sent, several at once where the vendor allows it; whoever asks keeps the ledger to a single thread.

Batches may be handed over ahead of their time: while one is on its way the next is packed and its intent written. One
sets out in the place of another only when the record of that one is written: a kill leaves no more batches whose end
nobody knows than requests may be open.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from types import TracebackType
from typing import Any

from activations.connector import Limits, Outcome, Row
from activations.errors import ActivationError

GATHER_SECONDS = 0.005  # what ends so soon after another is recorded with it: a commit costs as much as a request


@dataclass(frozen=True)
class Batch:
    """Rows that go out by one lane, and their number in the run."""

    number: int
    lane: Limits
    rows: Sequence[Row]


@dataclass(frozen=True)
class Sent:
    """What came of a batch: an outcome for each row, the requests it took, and what must stop the run, if anything.

    `has_set_out` is false of a batch that was handed over and never tried: another one had to stop the run, or the
    account is wanted by somebody more urgent.
    """

    batch: Batch
    outcomes: Sequence[Outcome]
    attempts: Sequence[Mapping[str, Any]]
    stop: ActivationError | None
    has_set_out: bool = True


class Crew:
    """At most `size` batches that have set out and are not recorded, and as many handed over `ahead`.

    With a size of 1 and none ahead they are sent by the thread that waits for them.
    """

    def __init__(
        self,
        size: int,
        send: Callable[[Batch], Sent],
        ahead: int = 0,
        must_wait: Callable[[], bool] = lambda: False,
    ) -> None:
        self._size, self._most, self._send, self._must_wait = size, size + ahead, send, must_wait
        self._waiting: deque[Batch] = deque()
        self._open: set[Future[Sent]] = set()
        self._unrecorded = 0
        self._threads = ThreadPoolExecutor(size, "delivery") if self._most > 1 else None
        self._is_over = False  # something broke: nothing more sets out
        self.failure: Exception | None = None

    def __enter__(self) -> Crew:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._threads is not None:
            self._threads.shutdown(wait=True, cancel_futures=True)

    @property
    def on_their_way(self) -> int:
        """Batches that were started and not yet given back."""
        return len(self._waiting) + len(self._open)

    @property
    def room(self) -> int:
        """How many more may be started."""
        return self._most - self.on_their_way

    def start(self, going: Sequence[Batch]) -> None:
        """The ledger holds the record of all that was given back, and the intents of the batches `going`: send them."""
        self._waiting += going
        self._unrecorded = 0
        self._set_out()

    def _set_out(self) -> None:
        if self._threads is None:
            return
        while self._waiting and len(self._open) + self._unrecorded < self._size:
            self._open.add(self._threads.submit(self._one, self._waiting.popleft()))

    def _one(self, batch: Batch) -> Sent:
        """In a thread: send a batch, unless what was sent before it ends the run."""
        if self._is_over or self._must_wait():
            return Sent(batch, (), (), None, has_set_out=False)
        try:
            sent = self._send(batch)
        except BaseException:
            self._is_over = True
            raise
        self._is_over = self._is_over or sent.stop is not None
        return sent

    def wait(self) -> list[Sent]:
        """What has been sent since, one batch at least; [] when none is on its way.

        An exception that is no outcome is kept as `failure`, so that what the others did can be written down first.
        """
        if self._threads is None:
            return [self._send(self._waiting.popleft())] if self._waiting else []
        if not self._open:
            return []
        finished, self._open = wait(self._open, return_when=FIRST_COMPLETED)
        if self._waiting and len(finished) == 1 and self._open:
            more, self._open = wait(self._open, GATHER_SECONDS, FIRST_COMPLETED)
            finished |= more
        self._unrecorded += len(finished)
        sent: list[Sent] = []
        for future in finished:
            error = future.exception()
            if error is None:
                sent.append(future.result())
            elif isinstance(error, Exception):
                self.failure = self.failure or error
            else:
                raise error
        return sorted(sent, key=lambda one: one.batch.number)

    def drain(self) -> list[Sent]:
        """What comes of all that has set out, and what has not, as it is."""
        sent = [Sent(batch, (), (), None, has_set_out=False) for batch in self._waiting]
        self._waiting.clear()
        while self._open:
            sent += self.wait()
        return sorted(sent, key=lambda one: one.batch.number)
