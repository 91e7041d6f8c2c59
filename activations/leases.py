"""Leases: only one process works on a sync or talks to an account; a dead one's lease ends, late writes fail."""

from __future__ import annotations

import os
import socket
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from activations.errors import LeaseError
from activations.pace import Timer
from activations.schema import LEASE, WAITER
from activations.statements import many, moment
from warehouse import clock

LEASE_SECONDS = 120.0
POLL_SECONDS = 0.5
WAITER_SECONDS = 5.0  # a waiter that was not seen for so long is gone
USUAL = 1
# Statements of every batch are made once: building one takes longer than running it.
PROLONGED = (
    sa.update(LEASE)
    .where(
        LEASE.c.name == sa.bindparam("held"),
        LEASE.c.fence == sa.bindparam("since"),
        LEASE.c.holder == sa.bindparam("by"),
    )
    .values(expires_at=sa.bindparam("until"))
)
WANTED = (
    sa.select(WAITER.c.holder)
    .where(
        WAITER.c.name == sa.bindparam("held"),
        WAITER.c.priority < sa.bindparam("than"),
        WAITER.c.seen_at > sa.bindparam("since"),
    )
    .limit(1)
)


@dataclass(frozen=True)
class Lease:
    """A held name; `fence` grows with every new holder."""

    name: str
    holder: str
    fence: int


@contextmanager
def hold(
    engine: sa.Engine, name: str, timer: Timer, wait_seconds: float = 0.0, priority: int = USUAL
) -> Iterator[Lease]:
    """Hold `name` until the block ends; raises LeaseError when another holds it longer than `wait_seconds`.

    Of those who wait, the one with the lowest `priority` is next.
    """
    holder = f"{socket.gethostname()}:{os.getpid()}:{uuid.uuid4().hex[:8]}"
    lease = _wait(engine, name, holder, timer, wait_seconds, priority)
    try:
        yield lease
    finally:
        _release(engine, name, holder)


def is_wanted(engine: sa.Engine, lease: Lease, priority: int) -> bool:
    """Whether somebody more urgent waits for the lease."""
    with engine.connect() as con:
        return _waits(con, lease.name, priority)


def give_way(
    engine: sa.Engine, lease: Lease, timer: Timer, wait_seconds: float, priority: int
) -> Lease:
    """Let whoever is more urgent go first, and take the lease again; raises LeaseError when that takes too long."""
    _release(engine, lease.name, lease.holder)
    return _wait(engine, lease.name, lease.holder, timer, wait_seconds, priority)


def _wait(
    engine: sa.Engine, name: str, holder: str, timer: Timer, wait_seconds: float, priority: int
) -> Lease:
    deadline, is_listed = timer.monotonic() + wait_seconds, False
    try:
        while (lease := _take(engine, name, holder, priority)) is None:
            if timer.monotonic() >= deadline:
                raise LeaseError(
                    f"{name} is being delivered by another process; it will finish by itself"
                )
            _list(engine, name, holder, priority)
            is_listed = True
            timer.sleep(POLL_SECONDS)
    finally:
        if is_listed:
            with engine.begin() as con:
                con.execute(sa.delete(WAITER).where(WAITER.c.holder == holder))
    return lease


def _list(engine: sa.Engine, name: str, holder: str, priority: int) -> None:
    """Say, again and again, that somebody waits; forget who died while waiting."""
    gone = WAITER.c.seen_at <= clock.naive(clock.now() - timedelta(seconds=WAITER_SECONDS))
    mine = [WAITER.c.name == name, sa.or_(WAITER.c.holder == holder, gone)]
    row = {"name": name, "holder": holder, "priority": priority}
    with engine.begin() as con:
        con.execute(sa.delete(WAITER).where(*mine))
        con.execute(sa.insert(WAITER), {**row, "seen_at": clock.naive(clock.now())})


def _waits(con: sa.Connection, name: str, priority: int) -> bool:
    since = clock.naive(clock.now() - timedelta(seconds=WAITER_SECONDS))
    asked = {"held": name, "than": priority, "since": since}
    return con.execute(WANTED, asked).first() is not None


def _release(engine: sa.Engine, name: str, holder: str) -> None:
    with engine.begin() as con:
        con.execute(
            sa.update(LEASE)
            .where(LEASE.c.name == name, LEASE.c.holder == holder)
            .values(holder=None, expires_at=clock.naive(clock.now()))
        )


def guard(con: sa.Connection, lease: Lease) -> None:
    """Prolong the lease within a transaction; raises LeaseError (and so undoes it) when somebody else took over."""
    until = moment(con, _expiry())
    held = {"held": lease.name, "by": lease.holder, "since": lease.fence, "until": until}
    if many(con, PROLONGED, [held]) != 1:
        raise LeaseError(f"{lease.name} was taken over by another process; this one stops")


def prolong(engine: sa.Engine, lease: Lease) -> None:
    """Say that the holder is alive; raises LeaseError when it no longer holds."""
    with engine.begin() as con:
        guard(con, lease)


def pause(engine: sa.Engine, lease: Lease, seconds: float) -> None:
    """Remember that an account asked to be left alone, for whoever comes next."""
    until = clock.naive(clock.now() + timedelta(seconds=seconds))
    with engine.begin() as con:
        con.execute(sa.update(LEASE).where(LEASE.c.name == lease.name).values(not_before=until))


def paused_seconds(engine: sa.Engine, lease: Lease) -> float:
    """How long the account still wants to be left alone."""
    with engine.connect() as con:
        until = con.execute(
            sa.select(LEASE.c.not_before).where(LEASE.c.name == lease.name)
        ).scalar()
    if until is None:
        return 0.0
    return float(max(0.0, (until - clock.naive(clock.now())).total_seconds()))


def _take(engine: sa.Engine, name: str, holder: str, priority: int) -> Lease | None:
    now = clock.naive(clock.now())
    with engine.begin() as con:
        if _waits(con, name, priority):
            return None
        found = con.execute(sa.select(LEASE).where(LEASE.c.name == name)).mappings().first()
        if found is None:
            row = {"name": name, "holder": holder, "fence": 1, "expires_at": _expiry()}
            try:
                con.execute(sa.insert(LEASE), row)
            except sa.exc.IntegrityError:
                return None
            return Lease(name, holder, 1)
        if found["holder"] and found["expires_at"] > now and not _is_dead(found["holder"]):
            return None
        fence = int(found["fence"]) + 1
        changed = con.execute(
            sa.update(LEASE)
            .where(LEASE.c.name == name, LEASE.c.fence == found["fence"])
            .values(holder=holder, fence=fence, expires_at=_expiry())
        )
    return Lease(name, holder, fence) if changed.rowcount == 1 else None


def _is_dead(holder: str) -> bool:
    """Whether the holder was a process of this machine that no longer exists (POSIX; elsewhere: unknown)."""
    host, pid, _ = holder.rsplit(":", 2)
    if host != socket.gethostname() or os.name != "posix":
        return False
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return False


def _expiry() -> datetime:
    return clock.naive(clock.now() + timedelta(seconds=LEASE_SECONDS))
