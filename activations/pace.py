"""Time as the engine sees it (a test brings its own), the vendor's rates as waiting times, and backoff."""

from __future__ import annotations

import secrets
import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from activations.connector import Rate
from activations.errors import StopError
from warehouse import clock

BASE_SECONDS, LONGEST_SECONDS = 1.0, 60.0
LONG_SECONDS = (
    120.0  # from here on a window is kept in grains, and reserved in the ledger before it is used
)
GRAINS = 200
TICK = 1e-6  # so that a wait, added to a clock, never ends a rounding too early


def _jitter() -> float:
    return secrets.randbelow(1_000_000) / 1_000_000


@dataclass(frozen=True)
class Timer:
    """A monotonic clock in seconds, a way to wait, a random number in [0, 1), and the time of day."""

    monotonic: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    jitter: Callable[[], float] = _jitter
    wall: Callable[[], datetime] = clock.now


class Window:
    """What was used of one rate, and when: a window that slides. Pure: each call is told the time.

    Uses of long windows are gathered in grains that count as used at their latest moment, so that a day's million
    requests stay a small list, and no stretch of `seconds` ever holds more than `count`.
    """

    def __init__(self, rate: Rate, scale: float = 1.0) -> None:
        self.rate = rate
        # More than the vendor's rate is a shorter window, so that small counts scale too.
        self.seconds = rate.seconds / scale
        self.is_long = rate.seconds >= LONG_SECONDS
        self._grain = self.seconds / GRAINS if self.is_long else 0.0
        self._uses: deque[list[float]] = deque()  # first moment, last moment, amount

    def wait(self, now: float, amount: int) -> float:
        """Seconds until so much may be used. Raises StopError when the rate never allows so much at once."""
        if amount > self.rate.count:
            raise StopError(
                f"a request costs {amount:,}, more than the {self.rate.count:,} of a whole window"
            )
        self._forget(now)
        over = self.used() + amount - self.rate.count
        if over <= 0:
            return 0.0
        until = now
        for _, last, used in self._uses:
            until = last
            over -= int(used)
            if over <= 0:
                break
        return until + self.seconds - now + TICK

    def take(self, now: float, amount: int) -> None:
        """So much is used now."""
        if self._uses and self._grain and now - self._uses[-1][0] < self._grain:
            self._uses[-1][1] = now
            self._uses[-1][2] += amount
        else:
            self._uses.append([now, now, amount])

    def fill(self, now: float) -> None:
        """Nobody knows what was used lately: take it that all was."""
        self._uses = deque([[now, now, self.rate.count]])

    def used(self) -> int:
        """What is used at present."""
        return int(sum(amount for _, _, amount in self._uses))

    def dump(self, now: float) -> list[list[float]]:
        """Uses as seconds before `now`, with their amounts."""
        self._forget(now)
        return [[now - last, amount] for _, last, amount in self._uses]

    def load(self, now: float, uses: Iterable[Sequence[float]]) -> None:
        """What `dump` wrote, as seen from `now`."""
        self._uses = deque([[now - ago, now - ago, amount] for ago, amount in uses])
        self._forget(now)

    def _forget(self, now: float) -> None:
        while self._uses and self._uses[0][1] + self.seconds <= now:
            self._uses.popleft()


class Limiter:
    """Says how long to wait so that no window of any rate ever holds more than it may."""

    def __init__(self, rates: Iterable[Rate], scale: float, timer: Timer) -> None:
        self._timer = timer
        self.windows = [Window(rate, scale) for rate in rates]

    def wait(self, name: str, cost: int = 1) -> float:
        """Seconds until a request of rate `name` may start."""
        now = self._timer.monotonic()
        asked = [window.wait(now, _amount(window, cost)) for window in self.concerned(name)]
        return max(asked, default=0.0)

    def took(self, name: str, cost: int = 1) -> None:
        """A request of rate `name` starts now."""
        now = self._timer.monotonic()
        for window in self.concerned(name):
            window.take(now, _amount(window, cost))

    def concerned(self, name: str) -> list[Window]:
        """The windows that a request of rate `name` counts in."""
        return [window for window in self.windows if window.rate.name in ("", name)]


def _amount(window: Window, cost: int) -> int:
    return cost if window.rate.by_cost else 1


def backoff(attempt: int, timer: Timer) -> float:
    """Seconds to wait after failed attempt `attempt` (from 1): doubling, half of it random."""
    full = min(LONGEST_SECONDS, BASE_SECONDS * 2 ** (attempt - 1))
    return float(full * (0.5 + 0.5 * timer.jitter()))
