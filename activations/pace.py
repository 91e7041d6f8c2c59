"""Time as the engine sees it (a test brings its own), the vendor's rates as waiting times, and backoff."""

from __future__ import annotations

import secrets
import time
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from activations.connector import Rate

BASE_SECONDS, LONGEST_SECONDS = 1.0, 60.0


def _jitter() -> float:
    return secrets.randbelow(1_000_000) / 1_000_000


@dataclass(frozen=True)
class Timer:
    """A monotonic clock in seconds, a way to wait, and a random number in [0, 1)."""

    monotonic: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    jitter: Callable[[], float] = _jitter


class Limiter:
    """Says how long to wait so that no window of any rate ever holds more requests than it may."""

    def __init__(self, rates: Iterable[Rate], scale: float, timer: Timer) -> None:
        self._timer = timer
        # More than the vendor's rate is a shorter window, so that small counts scale too.
        self._windows = [
            (rate, rate.seconds / scale, deque[float](maxlen=rate.count)) for rate in rates
        ]

    def wait(self, name: str) -> float:
        """Seconds until a request of rate `name` may start."""
        now = self._timer.monotonic()
        longest = 0.0
        for rate, seconds, starts in self._windows:
            if rate.name in ("", name) and len(starts) == rate.count:
                longest = max(longest, starts[0] + seconds - now)
        return longest

    def took(self, name: str) -> None:
        """A request of rate `name` starts now."""
        now = self._timer.monotonic()
        for rate, _, starts in self._windows:
            if rate.name in ("", name):
                starts.append(now)


def backoff(attempt: int, timer: Timer) -> float:
    """Seconds to wait after failed attempt `attempt` (from 1): doubling, half of it random."""
    full = min(LONGEST_SECONDS, BASE_SECONDS * 2 ** (attempt - 1))
    return float(full * (0.5 + 0.5 * timer.jitter()))
