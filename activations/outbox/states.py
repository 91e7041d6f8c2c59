"""The states of a message in the outbox, and the one way in which a decision about it is put on record."""

from __future__ import annotations

from datetime import datetime

import duckdb

from warehouse.clock import naive, now
from warehouse.dialect import literal

# planned    waits for its time
# deferred   lost this time (cap, capacity, quiet hours, a failed attempt), competes again
# cleared    won its place, goes with the dispatch that cleared it
# claimed    in the delivery ledger: from here on the ledger says what came of it
UNSENT = ("planned", "deferred", "cleared")
# handed_over  the vendor has it, for now or for `send_at`
# in_doubt     nobody knows whether the vendor has it; never sent again
OPEN = (*UNSENT, "claimed", "in_doubt")
# dropped      lost for good · skipped: may not be sent · expired: its time is over · cancelled · rejected: refused, or
#              it could not be rendered
FINAL = ("handed_over", "delivered", "dropped", "skipped", "expired", "cancelled", "rejected")
# What has a place under a frequency cap for good: sent, perhaps sent, or on its way. What is cleared competes again.
COUNTED = ("claimed", "handed_over", "delivered", "in_doubt")


def listed(states: tuple[str, ...]) -> str:
    """States as a SQL list."""
    return ", ".join(literal(state) for state in states)


def decide(con: duckdb.DuckDBPyConnection, decisions: str, as_of: datetime) -> int:
    """Move messages and put it on record; returns how many decisions were new.

    `decisions` is a query of (message_id, state, decision, reason, send_at, facts): `state` null leaves the state as
    it is, `decision` null is not put on record, `send_at` replaces, `facts` is JSON text. What repeats a message's
    newest decision word for word is not recorded again, so the same decision at a later `as_of` adds nothing.
    """
    moment = literal(naive(as_of))
    found = con.execute(f"create or replace temp table outbox_decided as {decisions}").fetchall()
    if not found[0][0]:
        return 0
    news = con.execute("""
        create or replace temp table outbox_news as
        with newest as (
            select message_id, decision, reason
            from activations.outbox_decisions
            where message_id in (select message_id from outbox_decided)
            qualify row_number() over (partition by message_id order by as_of desc, decided_at desc) = 1
        )
        select d.* from outbox_decided as d
        left join newest as n on d.message_id = n.message_id
        where d.decision is not null and (n.message_id is null
            or n.decision is distinct from d.decision or n.reason is distinct from d.reason)""").fetchall()
    if news[0][0]:
        con.execute(
            f"insert into activations.outbox_decisions select message_id, {moment}, decision, reason, facts, "
            f"{literal(naive(now()))} from outbox_news"
        )
    con.execute(f"""
        update activations.outbox as o
        set state = coalesce(d.state, o.state),
            reason = d.reason,
            send_at = d.send_at,
            state_at = case when coalesce(d.state, o.state) = o.state then o.state_at else {moment} end
        from outbox_decided as d
        where o.message_id = d.message_id and (coalesce(d.state, o.state) is distinct from o.state
            or d.reason is distinct from o.reason or d.send_at is distinct from o.send_at)""")
    return int(news[0][0])
