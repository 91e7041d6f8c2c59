"""What was acknowledged is published whole, whatever happened; what was not whole was not acknowledged."""

from __future__ import annotations

import errno
import fcntl
import os
import time
from pathlib import Path

import pytest

from collector import spool
from collector.spool import PREFIX, Full, Spool, recover

TABLE = "segment/events"


def published(landing: Path) -> list[bytes]:
    """All lines that the loader would see, file by file."""
    files = sorted(landing.glob(f"{TABLE}/collector-*.ndjson"))
    return [line for file in files for line in file.read_bytes().splitlines(keepends=True)]


def test_lines_are_published_when_the_spool_closes(tmp_path: Path) -> None:
    keeper = Spool(tmp_path)
    futures = [keeper.append(TABLE, [b'{"n": %d}' % n]) for n in range(100)]
    for future in futures:
        future.result(timeout=10)
    keeper.close()

    assert published(tmp_path) == [b'{"n": %d}\n' % n for n in range(100)]
    with pytest.raises(Full):
        keeper.append(TABLE, [b"{}"])


def test_files_are_published_by_size_and_age(tmp_path: Path) -> None:
    keeper = Spool(tmp_path, max_bytes=10, max_seconds=0.2)
    for _ in range(3):
        keeper.append(TABLE, [b'{"large": "enough"}']).result(timeout=10)
    by_size = len(list((tmp_path / TABLE).glob("collector-*")))
    keeper.close()

    assert by_size >= 2
    assert len(published(tmp_path)) == 3


def test_a_spool_cut_at_every_byte_loses_only_the_line_that_was_cut(tmp_path: Path) -> None:
    content = b'{"a":1}\n{"b":"long"}\n{"c":3}\n'
    folder = tmp_path / TABLE
    for length in range(len(content) + 1):
        folder.mkdir(parents=True)
        (folder / f"{PREFIX}x.ndjson").write_bytes(content[:length])

        recover(tmp_path)

        whole = content[:length].rfind(b"\n") + 1
        assert b"".join(published(tmp_path)) == content[:whole]
        assert not list(folder.glob(f"{PREFIX}*"))
        for file in folder.iterdir():
            file.unlink()
        folder.rmdir()


def test_what_a_living_process_writes_is_left_alone(tmp_path: Path) -> None:
    keeper = Spool(tmp_path, max_seconds=60)
    keeper.append(TABLE, [b"{}"]).result(timeout=10)

    assert recover(tmp_path) == []
    keeper.close()
    assert published(tmp_path) == [b"{}\n"]


def test_a_full_disk_is_an_error_and_leaves_no_half_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keeper = Spool(tmp_path, max_seconds=60)
    keeper.append(TABLE, [b'{"kept":1}']).result(timeout=10)
    real = os.fsync

    def no_space(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", no_space)
    with pytest.raises(OSError, match="No space left"):
        keeper.append(TABLE, [b'{"lost":1}']).result(timeout=10)
    monkeypatch.setattr(os, "fsync", real)
    keeper.append(TABLE, [b'{"kept":2}']).result(timeout=10)
    keeper.close()

    assert published(tmp_path) == [b'{"kept":1}\n', b'{"kept":2}\n']


def test_too_much_waiting_is_said_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    keeper = Spool(tmp_path)
    monkeypatch.setattr(spool, "MAX_WAITING", 10)
    with pytest.raises(Full):
        keeper.append(TABLE, [b"x" * 11])
    keeper.close()


def test_a_file_removed_by_somebody_else_does_not_stop_the_writer(tmp_path: Path) -> None:
    keeper = Spool(tmp_path, max_seconds=0.1)
    keeper.append(TABLE, [b'{"gone":1}']).result(timeout=10)
    for path in (tmp_path / TABLE).glob(f"{PREFIX}*"):
        path.unlink()
    time.sleep(0.3)
    keeper.append(TABLE, [b'{"kept":2}']).result(timeout=10)
    keeper.close()

    assert published(tmp_path)[-1:] == [b'{"kept":2}\n']


def test_a_sender_that_goes_away_does_not_stop_the_writer(tmp_path: Path) -> None:
    keeper = Spool(tmp_path)
    for number in range(200):
        keeper.append(TABLE, [b'{"n":%d}' % number]).cancel()
    keeper.append(TABLE, [b'{"kept":1}']).result(timeout=10)
    keeper.close()

    assert published(tmp_path)[-1] == b'{"kept":1}\n'


def test_an_empty_file_removed_before_it_is_locked_is_replaced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another process starts between the making of a file and its lock, and takes it for a dead one's."""
    real, seen = fcntl.flock, []

    def late(handle: int, how: int) -> None:
        if how == fcntl.LOCK_EX and not seen:
            seen.append(handle)
            for path in (tmp_path / TABLE).glob(f"{PREFIX}*"):
                path.unlink()
        real(handle, how)

    monkeypatch.setattr(fcntl, "flock", late)
    keeper = Spool(tmp_path, max_seconds=60)
    keeper.append(TABLE, [b'{"kept":1}']).result(timeout=10)
    keeper.close()

    assert seen
    assert published(tmp_path) == [b'{"kept":1}\n']
