"""Runs a step in a process of its own and tells its result and its peak memory; prints and writes figures."""

from __future__ import annotations

import json
import multiprocessing
import statistics
import threading
import time
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import psutil
from rich.console import Console
from rich.table import Table

from warehouse.memory import look_seldom

OUT = Path(__file__).resolve().parent / "out"
SAMPLE_SECONDS = 0.1
REPEATS, CHEAP_SECONDS = 3, 20.0
GB = 1e9

Figures = dict[str, float]
console = Console(highlight=False)


@dataclass
class Clock:
    """Seconds that a `with timed()` block took, by the wall and of all processors; 0 until it ends."""

    seconds: float = 0.0
    cpu_seconds: float = 0.0


@contextmanager
def timed() -> Iterator[Clock]:
    """Time a block by the wall and by what this process, without its children, used of the processors."""
    clock = Clock()
    started, used = time.perf_counter(), time.process_time()
    try:
        yield clock
    finally:
        clock.seconds = time.perf_counter() - started
        clock.cpu_seconds = time.process_time() - used


def median_seconds(step: Callable[[], object], repeats: int = REPEATS) -> float:
    """The median time of `step`; a step that takes more than `CHEAP_SECONDS` is run once."""
    taken: list[float] = []
    for _ in range(repeats):
        with timed() as clock:
            step()
        taken.append(clock.seconds)
        if clock.seconds > CHEAP_SECONDS:
            break
    return statistics.median(taken)


@dataclass
class Peak:
    """Samples the resident memory of one process and all its children, in bytes, until `stop`."""

    process: psutil.Process
    highest: int = 0
    _ended: threading.Event = field(default_factory=threading.Event)

    def start(self) -> None:
        """Sample from a thread of its own."""
        self._thread = threading.Thread(target=self._follow, daemon=True)
        self._thread.start()

    def stop(self) -> float:
        """End the sampling; the peak in GB (10^9 bytes)."""
        self._ended.set()
        self._thread.join()
        return self.highest / GB

    def _follow(self) -> None:
        while not self._ended.wait(SAMPLE_SECONDS):
            self.highest = max(self.highest, resident(self.process))


def resident(process: psutil.Process) -> int:
    """Bytes held by a process and its children; what is gone holds none."""
    total = 0
    try:
        family = [process, *process.children(recursive=True)]
    except psutil.NoSuchProcess:
        return 0
    for member in family:
        try:
            total += int(member.memory_info().rss)
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            continue
    return total


def isolated(step: Callable[..., Any], *arguments: object) -> tuple[Any, float]:
    """`step(*arguments)` in a fresh process, so that no part inherits another's caches or memory.

    Returns what it returned and the peak memory in GB of that process and its children. Raises RuntimeError with
    the step's own traceback when it failed. `step` and what it takes and returns must pickle.
    """
    context = multiprocessing.get_context("spawn")
    near, far = context.Pipe(duplex=False)
    child = context.Process(target=_child, args=(far, step, arguments))
    child.start()
    far.close()
    peak = Peak(psutil.Process(child.pid))
    peak.start()
    try:
        verdict, value = near.recv()
    except EOFError:
        verdict, value = "error", f"{step.__name__} ended without a word"
    child.join()
    highest = peak.stop()
    if verdict == "error":
        raise RuntimeError(f"{step.__name__} failed\n{value}")
    return value, highest


def killed_within(seconds: float, step: Callable[..., Any], *arguments: object) -> bool:
    """Run `step(*arguments)` in a process of its own and kill it after so long; whether that came before its end.

    Raises RuntimeError when the step failed by itself.
    """
    child = multiprocessing.get_context("fork").Process(target=step, args=arguments)
    child.start()
    child.join(seconds)
    was_alive = child.is_alive()
    if was_alive:
        child.kill()
        child.join()
    elif child.exitcode:
        raise RuntimeError(f"{step.__name__} ended with {child.exitcode}")
    return was_alive


def _child(pipe: Connection, step: Callable[..., Any], arguments: tuple[object, ...]) -> None:
    from cli.exit import leave

    look_seldom()  # as the command does
    try:
        answer = ("ok", step(*arguments))
    except Exception:  # noqa: BLE001 - the parent raises it again
        answer = ("error", traceback.format_exc())
    pipe.send(answer)
    pipe.close()
    leave(0)


def write(name: str, figures: Mapping[str, float], folder: Path = OUT) -> Path:
    """Write figures as one flat JSON object, rounded to four significant digits at least."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.json"
    rounded = {key: tidy(value) for key, value in figures.items()}
    path.write_text(json.dumps(rounded, indent=2) + "\n", encoding="utf-8")
    return path


def tidy(value: float) -> float:
    """Whole from 1000 on, else four significant digits."""
    return round(value) if abs(value) >= 1000 else float(f"{value:.4g}")


def show(title: str, figures: Mapping[str, float]) -> None:
    """Print figures as a table."""
    table = Table("figure", title=title, title_justify="left")
    table.add_column("value", justify="right")
    for key, value in figures.items():
        table.add_row(key, f"{tidy(value):,}")
    console.print(table)
