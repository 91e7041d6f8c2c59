"""Holds rows of a plan back until a person approves: guards that tripped, syncs that always ask, canaries.

Approving a plan lets the very rows pass that it listed, as long as they still are what the model wants; whatever has
changed since waits for the next approval. Approving a canary approves the sync's definition: all its rows go then.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import duckdb

from activations.syncs import Sync
from warehouse.clock import naive
from warehouse.dialect import literal

VALID_FOR = timedelta(days=7)
TO_SEND = ("create", "update", "remove")
WAITS = "waits for approval"


@dataclass(frozen=True)
class Verdict:
    """What holds the plan back, if anything: guard, approval or canary; and whether some rows go all the same."""

    gate: str | None = None
    reason: str | None = None
    is_blocked: bool = False


def judge(
    con: duckdb.DuckDBPyConnection,
    sync: Sync,
    columns: Sequence[str],
    guard: str | None,
    now: datetime,
) -> Verdict:
    """Mark rows of `act_rows` that must wait as held; `guard` is what the guards object to."""
    wanted = _count(con)
    ask = f"Look at it with `millrace plan {sync.name}`, approve it with `millrace approve {sync.name}`."
    if not wanted:
        return Verdict("guard" if guard else None, guard, is_blocked=bool(guard))
    if guard or sync.approval:
        gate = "guard" if guard else "approval"
        words = guard or f"{wanted:,} rows wait for approval. {ask}"
        approved = _approved(con, sync.name, now)
        if approved is None:
            return Verdict(gate, words, is_blocked=True)
        _hold(con, _not_in(approved))
        left = _count(con)
        if left == wanted:
            return Verdict()
        if not left:
            return Verdict(gate, words, is_blocked=True)
        return Verdict(gate, f"{wanted - left:,} rows are not what was approved. {ask}")
    if sync.canary is None or is_approved(con, sync, columns):
        return Verdict()
    left = max(0, sync.canary - _sent_as_canary(con, sync, columns))
    if wanted <= left:
        return Verdict("canary", None)
    _hold(con, f"seq not in (select seq from act_rows where {_sent()} order by seq limit {left})")
    words = f"canary: {left:,} of {wanted:,} rows go, the rest waits. {ask}"
    return Verdict("canary", words, is_blocked=not left)


def definition(sync: Sync, columns: Sequence[str]) -> str:
    """What a canary is about: where the rows go and in which columns."""
    parts = [sync.destination, sync.object, sync.key, sync.mode, sync.on_remove, sorted(columns)]
    text = json.dumps([*parts, sorted(sync.custom_fields.items())])
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def is_approved(con: duckdb.DuckDBPyConnection, sync: Sync, columns: Sequence[str]) -> bool:
    """Whether somebody approved the sync in its present definition."""
    found = con.execute(
        "select count(*) from activations.plans where sync = ? and definition = ? and approved_at is not null",
        [sync.name, definition(sync, columns)],
    ).fetchall()
    return bool(found[0][0])


def _sent_as_canary(con: duckdb.DuckDBPyConnection, sync: Sync, columns: Sequence[str]) -> int:
    found = con.execute(
        "select coalesce(sum(creates + updates + removes), 0) from activations.plans "
        "where sync = ? and definition = ? and gate = 'canary' and state in ('planned', 'delivered')",
        [sync.name, definition(sync, columns)],
    ).fetchall()
    return int(found[0][0])


def _approved(con: duckdb.DuckDBPyConnection, sync: str, now: datetime) -> str | None:
    found = con.execute(
        "select plan_id from activations.plans where sync = ? and approved_at > ? "
        "order by approved_at desc, plan_id limit 1",
        [sync, naive(now - VALID_FOR)],
    ).fetchall()
    return str(found[0][0]) if found else None


def _not_in(plan_id: str) -> str:
    return f"""not exists (
        select 1 from activations.plan_rows as p
        where p.plan_id = {literal(plan_id)} and p.key = act_rows.key and p.wish = act_rows.wish
            and p.row_hash is not distinct from act_rows.row_hash)"""


def _hold(con: duckdb.DuckDBPyConnection, condition: str) -> None:
    con.execute(
        f"update act_rows set operation = 'held', reason = {literal(WAITS)} where {_sent()} and {condition}"
    )


def _count(con: duckdb.DuckDBPyConnection) -> int:
    return int(con.execute(f"select count(*) from act_rows where {_sent()}").fetchall()[0][0])


def _sent() -> str:
    return f"operation in ({', '.join(literal(name) for name in TO_SEND)})"
