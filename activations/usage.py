"""The rates of an account, used by one process after another: windows live in the ledger, not in a process.

A process opens them when it takes the account, and saves them when it gives it back. One that died while it had them
open used nobody knows how much: short windows then count as full, and of long ones all that it had reserved does.
Reserving goes in steps of a two-hundredth, so that a day's allowance costs some hundred commits.
"""

from __future__ import annotations

import json
from datetime import timedelta

import sqlalchemy as sa

from activations import leases
from activations.connector import Rate
from activations.leases import Lease
from activations.pace import GRAINS, Limiter, Timer, Window
from activations.schema import USAGE
from warehouse import clock


class Usage:
    """The windows of the account that `lease` holds."""

    def __init__(self, engine: sa.Engine, limiter: Limiter, timer: Timer) -> None:
        self._engine, self._limiter, self._timer = engine, limiter, timer
        self._left: dict[str, int] = {}  # of what was reserved, by rate

    def open(self, lease: Lease) -> None:
        """Read what others used, and say that this process goes on from there."""
        query = sa.select(USAGE).where(USAGE.c.account == lease.name)
        with self._engine.connect() as con:
            known = {row["rate"]: row for row in con.execute(query).mappings()}
        now = self._timer.monotonic()
        for window in self._limiter.windows:
            found = known.get(key(window.rate))
            if found is None:
                continue
            passed = max(timedelta(0), clock.naive(self._timer.wall()) - found["saved_at"])
            uses = [[ago + passed.total_seconds(), n] for ago, n in json.loads(found["uses"])]
            window.load(now, uses)
            if found["is_open"] and window.is_long:
                window.take(now, found["reserved"])
            elif found["is_open"]:
                window.fill(now)
        self._left = {}
        self._save(lease, is_open=True)

    def take(self, lease: Lease, name: str, cost: int) -> None:
        """A request of rate `name` starts now: known to the ledger first, where the window is long."""
        short = False
        for window in self._limiter.concerned(name):
            amount = cost if window.rate.by_cost else 1
            left = self._left.get(key(window.rate), 0) - amount
            if window.is_long and left < 0:
                short, left = True, max(step(window), amount) - amount
            self._left[key(window.rate)] = left
        if short:
            self._save(lease, is_open=True, starting=(name, cost))
        self._limiter.took(name, cost)

    def close(self, lease: Lease) -> None:
        """Give the account back with what was really used."""
        self._left = {}
        self._save(lease, is_open=False)

    def _save(
        self, lease: Lease, *, is_open: bool, starting: tuple[str, int] | None = None
    ) -> None:
        if not self._limiter.windows:
            return
        now = self._timer.monotonic()
        rows = []
        for window in self._limiter.windows:
            name = key(window.rate)
            reserved = max(self._left.get(name, 0), 0)
            if starting and window in self._limiter.concerned(starting[0]):
                reserved += starting[1] if window.rate.by_cost else 1
            rows.append(
                {
                    "account": lease.name,
                    "rate": name,
                    "uses": json.dumps(window.dump(now)),
                    "reserved": reserved,
                    "is_open": is_open,
                    "saved_at": clock.naive(self._timer.wall()),
                }
            )
        with self._engine.begin() as con:
            leases.guard(con, lease)
            mine = [row["rate"] for row in rows]
            con.execute(
                sa.delete(USAGE).where(USAGE.c.account == lease.name, USAGE.c.rate.in_(mine))
            )
            con.execute(sa.insert(USAGE), rows)


def key(rate: Rate) -> str:
    """What a rate is called in the ledger; another count or length is another rate."""
    unit = "cost" if rate.by_cost else "requests"
    return f"{rate.name or 'all'}: {rate.count} {unit} in {rate.seconds:g} s"


def step(window: Window) -> int:
    """How much of a window is reserved at once."""
    return max(1, window.rate.count // GRAINS)
