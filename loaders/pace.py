"""One account's rate, shared by all processes: a small file holds the moment at which the next request may start."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock

LONGEST_SECONDS = 900.0


@dataclass(frozen=True)
class Timer:
    """The wall clock in seconds, which processes share, and a way to wait; a test brings its own."""

    now: Callable[[], float] = time.time
    sleep: Callable[[float], None] = time.sleep


class Gate:
    """Lets requests through evenly, `per_second` for everybody who uses the same file."""

    def __init__(self, path: Path, per_second: float, timer: Timer | None = None) -> None:
        self._path, self._interval, self._timer = path, 1.0 / per_second, timer or Timer()
        path.parent.mkdir(parents=True, exist_ok=True)
        self._lock = FileLock(str(path.with_name(path.name + ".lock")))

    def wait(self) -> None:
        """Take the next free moment and wait for it; the file is not held meanwhile."""
        with self._lock:
            now = self._timer.now()
            start = max(now, self._next(now))
            self._path.write_text(repr(start + self._interval))
        self._timer.sleep(start - now)

    def pause(self, seconds: float) -> None:
        """Let nobody through for this long: the vendor asked for it."""
        with self._lock:
            now = self._timer.now()
            self._path.write_text(repr(max(self._next(now), now + seconds)))

    def _next(self, now: float) -> float:
        try:
            start = float(self._path.read_text())
        except (FileNotFoundError, ValueError):  # none yet, or cut off by a crash
            return now
        # A moment far ahead was written before the clock was set back.
        return start if start - now <= LONGEST_SECONDS else now
