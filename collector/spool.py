"""Makes received lines durable: appended to a spool file, synced once for many requests, then renamed for the loader.

A spool file lies in the landing folder of its table under a name that begins with a dot, which the loader passes over;
its owner holds a lock on it. Whoever starts and finds one that nobody holds publishes it: the owner was killed. A last
line without its end was never acknowledged and is cut off. Several processes may share the folders.
"""

from __future__ import annotations

import fcntl
import logging
import os
import threading
import time
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path

from warehouse import clock

log = logging.getLogger(__name__)

PREFIX = ".collector-"
MAX_BYTES, MAX_SECONDS = 64 << 20, 5.0
MAX_WAITING = 256 << 20


class Full(Exception):
    """More waits to be written than we hold: the sender has to come back later."""


@dataclass
class _File:
    """One open spool file; everything before `size` is durable."""

    path: Path
    handle: int
    opened: float
    size: int = 0


@dataclass
class _Waiting:
    folder: Path
    data: bytes
    done: Future[None] = field(default_factory=Future)


class Spool:
    """Appends lines to files below `landing` and publishes them by size and age.

    `fsync` can be replaced in tests.
    """

    def __init__(
        self, landing: Path, max_bytes: int = MAX_BYTES, max_seconds: float = MAX_SECONDS
    ) -> None:
        self.landing, self.max_bytes, self.max_seconds = landing, max_bytes, max_seconds
        self._queue: list[_Waiting] = []
        self._bytes = 0
        self._files: dict[Path, _File] = {}
        self._number = 0
        self._wake = threading.Condition()
        self._closed = False
        recover(landing)
        self._thread = threading.Thread(target=self._run, name="spool", daemon=True)
        self._thread.start()

    def append(self, table: str, lines: list[bytes]) -> Future[None]:
        """Take lines for `<source>/<table>`; the future ends when they are on disk, or with the error.

        Raises Full when too much waits already. A line must not contain a line break.
        """
        data = b"".join(line + b"\n" for line in lines)
        item = _Waiting(self.landing / table, data)
        with self._wake:
            if self._closed or self._bytes + len(data) > MAX_WAITING:
                raise Full
            self._queue.append(item)
            self._bytes += len(data)
            self._wake.notify()
        return item.done

    def close(self) -> None:
        """Write what waits, publish every file, and stop."""
        with self._wake:
            self._closed = True
            self._wake.notify()
        self._thread.join()

    def _run(self) -> None:
        while True:
            with self._wake:
                if not self._queue and not self._closed:
                    self._wake.wait(timeout=self.max_seconds / 4)
                batch, self._queue, self._bytes = self._queue, [], 0
                closed = self._closed
            self._write(batch)
            self._publish(everything=closed and not self._queue)
            if closed and not self._queue:
                return

    def _write(self, batch: list[_Waiting]) -> None:
        by_folder: dict[Path, list[_Waiting]] = {}
        for item in batch:
            # From here on a sender that went away cannot cancel it; one that did is not written.
            if item.done.set_running_or_notify_cancel():
                by_folder.setdefault(item.folder, []).append(item)
        for folder, items in by_folder.items():
            try:
                self._append(folder, b"".join(item.data for item in items))
            except OSError as error:
                for item in items:
                    item.done.set_exception(error)
            else:
                for item in items:
                    item.done.set_result(None)

    def _append(self, folder: Path, data: bytes) -> None:
        file = self._files.get(folder) or self._open(folder)
        try:
            view = memoryview(data)
            while view:
                view = view[os.write(file.handle, view) :]
            os.fsync(file.handle)
        except OSError:
            # A half-written block must not become part of the next line.
            os.ftruncate(file.handle, file.size)
            os.lseek(file.handle, file.size, os.SEEK_SET)
            raise
        file.size += len(data)

    def _open(self, folder: Path) -> _File:
        folder.mkdir(parents=True, exist_ok=True)
        while True:
            # A new name each time: whoever recovers may still hold the old one.
            self._number += 1
            stamp = clock.now().strftime("%Y%m%dT%H%M%S.%f")
            path = folder / f"{PREFIX}{stamp}-{os.getpid()}-{self._number:06}.ndjson"
            handle = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o640)
            fcntl.flock(handle, fcntl.LOCK_EX)
            if os.fstat(handle).st_nlink:
                break
            # Between the two calls another process took it for a dead one's, empty, and removed it.
            os.close(handle)
        _sync_folder(folder)
        file = self._files[folder] = _File(path, handle, time.monotonic())
        return file

    def _publish(self, everything: bool) -> None:
        now = time.monotonic()
        for folder, file in list(self._files.items()):
            old = now - file.opened >= self.max_seconds
            if everything or old or file.size >= self.max_bytes:
                try:
                    publish(file.path)
                except OSError as error:
                    log.error("%s was not published: %s", file.path.name, error)
                    if file.path.exists():
                        continue  # tried again at the next turn
                os.close(file.handle)
                del self._files[folder]


def publish(path: Path) -> Path:
    """Rename a spool file so that the loader sees it; returns its new path."""
    if path.stat().st_size == 0:
        path.unlink()
        return path
    target = path.with_name(path.name.removeprefix("."))
    os.replace(path, target)
    _sync_folder(path.parent)
    return target


def recover(landing: Path) -> list[Path]:
    """Publish what dead processes left behind, without a last line that has no end; returns the files."""
    found = []
    for path in sorted(landing.glob(f"*/*/{PREFIX}*.ndjson")):
        try:
            handle = os.open(path, os.O_RDWR)
        except FileNotFoundError:
            # Another process is recovering too, and was faster.
            continue
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(handle)
            continue
        try:
            if path.exists():
                whole = path.read_bytes().rfind(b"\n") + 1
                os.ftruncate(handle, whole)
                os.fsync(handle)
                found.append(publish(path))
        finally:
            os.close(handle)
    return found


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
