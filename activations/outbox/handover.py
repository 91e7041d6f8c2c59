"""The warehouse's side of a hand-over: what is cleared is read, rendered rows are staged, planned ones are claimed."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import duckdb
import pyarrow as pa

from activations import destinations
from activations.outbox import permission
from activations.outbox.render import Rendered
from activations.outbox.states import decide
from activations.plan import Plan
from activations.syncs import SUPPRESSED, Guards, Sync
from warehouse.clock import naive
from warehouse.dialect import ident, literal
from warehouse.relations import has_table

RENDERED = pa.schema(
    [
        *((name, pa.string()) for name in ("message_id", "channel", "to", "from", "reply_to", "subject", "html",
                                           "text", "unsubscribe_url", "variant")),
        ("segments", pa.int64()),
        ("propensity", pa.float64()),
    ]
)  # fmt: skip
# What the vendor is told and tells again: the source's name, by which reports group, and the message's id.
KEY = "message_key"
ID_LENGTH = 32
FOLLOWED = timedelta(
    days=14
)  # a message of which nothing was heard for so long stays as handed over
ADDRESS_CHANGED = "the address changed since it was written"
NO_LONGER = "no longer cleared: "


@dataclass(frozen=True)
class Cleared:
    """One message that may go, as the outbox and the warehouse know it."""

    row: Mapping[str, Any]
    contact: Mapping[str, Any]
    reads: Mapping[str, Mapping[str, Any]]


def sync_of(channel: str, destination: str) -> Sync:
    """The channel as the engine sees it: rows that are appended once, whatever destination the channel has now."""
    return Sync(
        name=f"outbox_{channel}",
        path="models/messages/_rules.yml",
        relation=ident(f"outbox_ready_{channel}"),
        owner="growth",
        destination=destination,
        object="message",
        key=KEY,
        mode="append",
        guards=Guards(min_rows=0, max_first_rows=None),
    )


def cleared(
    con: duckdb.DuckDBPyConnection, channel: str, most: int, reads: Mapping[str, str]
) -> list[Cleared]:
    """Up to `most` cleared messages of a channel, the first in time and rank first; `reads` are models by name."""
    con.execute(
        "create or replace temp table outbox_next as select * from activations.outbox "
        f"where state = 'cleared' and channel = {literal(channel)} "
        f"order by send_at nulls last, priority desc nulls last, value desc nulls last, message_id nulls last "
        f"limit {most}"
    )
    joins = "".join(
        f" left join (select * from {relation} qualify row_number() over "
        f"(partition by contact_id order by contact_id nulls last) = 1) as r{number} "
        f"on o.contact_id = r{number}.contact_id"
        for number, relation in enumerate(reads.values())
    )
    more = "".join(f", r{number}" for number in range(len(reads)))
    found = con.execute(
        f"select o, p.to_address, c{more} from outbox_next as o "
        f"join ({permission.query('outbox_next')}) as p on o.message_id = p.message_id "
        f"left join marts.dim_contacts as c on o.contact_id = c.contact_id{joins} "
        "where p.refusal is null order by o.message_id nulls last"
    ).fetchall()
    return [
        Cleared(
            {**row, "address": address, "data": json.loads(row["data"] or "{}")},
            contact or {},
            dict(zip(reads, (value or {} for value in values), strict=True)),
        )
        for row, address, contact, *values in found
    ]


def stage(
    con: duckdb.DuckDBPyConnection, channel: str, rows: Sequence[tuple[str, Rendered, float]]
) -> None:
    """Replace the channel's rendered rows by (message_id, message, propensity)."""
    table = pa.Table.from_pylist(
        [
            {
                "message_id": message_id, "channel": channel, "to": made.to, "from": made.sender,
                "reply_to": made.reply_to, "subject": made.subject, "html": made.html, "text": made.text,
                "unsubscribe_url": made.unsubscribe_url, "variant": made.variant, "segments": made.segments,
                "propensity": propensity,
            }
            for message_id, made, propensity in rows
        ],
        schema=RENDERED,
    )  # fmt: skip
    con.register("outbox_rendered_in", table)
    name = ident(f"outbox_rendered_{channel}")
    con.execute(f"create or replace temp table {name} as select * from outbox_rendered_in")
    con.unregister("outbox_rendered_in")


def ready(con: duckdb.DuckDBPyConnection, channel: str, destination: str, as_of: datetime) -> None:
    """The relation that the engine plans from: rendered rows in the destination's columns, permission read anew."""
    kind = destinations.connector(destination)
    schedules = kind.window is not None and kind.window.soonest is not None
    later = f"case when o.send_at > {literal(naive(as_of))} then o.send_at end"
    values = {name: f"r.{ident(name)}" for name in RENDERED.names}
    values["send_at"] = later if schedules else "cast(null as timestamp)"
    values |= {"source": "o.source_name", "message": "o.message", "expires_at": "o.expires_at"}
    columns = ", ".join(
        f"{values[part]} as {ident(column)}" for part, column in kind.message_columns.items()
    )
    rendered = ident(f"outbox_rendered_{channel}")
    con.execute(
        "create or replace temp table outbox_next as select o.* from activations.outbox as o "
        f"join {rendered} as r on o.message_id = r.message_id"
    )
    con.execute(f"""
        create or replace temp table {ident(f"outbox_ready_{channel}")} as
        select o.source_name || ':' || o.message_id as {KEY}, o.contact_id, {columns},
            case
                when o.state <> 'cleared' then {literal(NO_LONGER)} || o.state
                when o.held_at is not null then {literal(NO_LONGER)} || 'held'
                when p.refusal is not null then p.refusal
                when p.to_address is distinct from r.{ident("to")} then {literal(ADDRESS_CHANGED)}
            end as {SUPPRESSED}
        from {rendered} as r
        join activations.outbox as o on r.message_id = o.message_id
        join ({permission.query("outbox_next")}) as p on r.message_id = p.message_id""")


def claim(
    con: duckdb.DuckDBPyConnection, plan: Plan, channel: str, price: float | None, as_of: datetime
) -> None:
    """In the hold of the plan: what it will send is claimed, what it will not has its decision; bodies are not kept."""
    rendered = ident(f"outbox_rendered_{channel}")
    cost = "null" if price is None else f"r.segments * {price!r}"
    con.execute(
        "update activations.outbox as o set variant = r.variant, segments = r.segments, "
        f"cost = {cost}, propensity = coalesce(o.propensity, r.propensity), "
        f"destination = {literal(plan.sync.destination)} "
        f"from {rendered} as r join act_rows as a on r.message_id = {_id('a.key')} "
        "where o.message_id = r.message_id and a.operation = 'create'"
    )
    decide(
        con,
        f"""select *, state as decision from (select o.message_id,
            case
                when a.operation = 'create' then 'claimed'
                when a.operation = 'in_doubt' then 'in_doubt'
                when a.operation = 'parked' then 'rejected'
                when a.operation = 'suppressed' and a.reason = {literal(ADDRESS_CHANGED)} then 'deferred'
                when a.operation = 'suppressed' then 'skipped'
                else 'deferred'
            end as state,
            coalesce(a.reason, 'handed to the delivery ledger') as reason, o.send_at,
            cast(json_object('plan_id', a.plan_id, 'operation', a.operation) as varchar) as facts
        from act_rows as a join activations.outbox as o on {_id("a.key")} = o.message_id
        where o.state = 'cleared' and coalesce(a.reason, '') not like {literal(NO_LONGER + "%")})""",
        as_of,
    )
    con.execute("update activations.plan_rows set payload = null where plan_id = ?", [plan.plan_id])


def absorb(con: duckdb.DuckDBPyConnection, channel: str, as_of: datetime) -> None:
    """What the engine knows of claimed messages becomes their state; for when no run of the channel is open."""
    sync = literal(f"outbox_{channel}")
    con.execute(
        "update activations.outbox as o set vendor_id = a.vendor_id from activations.acknowledged as a "
        f"where a.sync = {sync} and {_id('a.key')} = o.message_id and o.vendor_id is null and a.vendor_id is not null"
    )
    decide(
        con,
        f"""select *, state as decision from (select o.message_id,
            case
                when a.key is not null then 'handed_over'
                when r.state in ('in_doubt', 'submitted') then 'in_doubt'
                when r.state in ('barred', 'parked') then 'rejected'
                else 'deferred'
            end as state,
            case
                when a.key is not null then 'to ' || coalesce(o.destination, 'its destination')
                when r.key is not null then concat_ws(': ', r.code, coalesce(r.message, r.state))
                else 'not handed over, competes again'
            end as reason, o.send_at,
            cast(json_object('run_id', coalesce(a.run_id, r.run_id), 'attempts', r.attempts) as varchar) as facts
        from activations.outbox as o
        left join (select * from activations.acknowledged where sync = {sync}) as a on o.message_id = {_id("a.key")}
        left join (select * from activations.retries where sync = {sync}) as r on o.message_id = {_id("r.key")}
        where o.channel = {literal(channel)} and o.state in ('claimed', 'in_doubt'))""",
        as_of,
    )


def receipts(con: duckdb.DuckDBPyConnection, as_of: datetime) -> None:
    """What came back of messages that were handed over (webhooks, pulls): delivered, or failed after all."""
    if not has_table(con, "marts", "fct_messages"):
        return
    since = literal(naive(as_of - FOLLOWED))
    decide(
        con,
        f"""select o.message_id,
            case when m.delivered_at is not null then 'delivered' else 'rejected' end as state,
            case when m.delivered_at is not null then 'delivered' else 'rejected' end as decision,
            case when m.delivered_at is not null then 'to the mailbox or phone' else m.failure end as reason,
            o.send_at,
            cast(json_object('delivered_at', m.delivered_at, 'failed_at', m.failed_at) as varchar) as facts
        from activations.outbox as o
        join (
            select {_id("message_key")} as message_id, channel, max(delivered_at) as delivered_at,
                max(failed_at) as failed_at, max(failure) as failure
            from marts.fct_messages
            where sent_at >= {since} and message_key is not null
            group by all
        ) as m on o.message_id = m.message_id and o.channel = m.channel
        where o.state = 'handed_over' and o.state_at >= {since}
            and (m.delivered_at is not null or m.failed_at is not null)""",
        as_of,
    )


def _id(key: str) -> str:
    """SQL for the message's id in a key that a vendor was told."""
    return f"right({key}, {ID_LENGTH})"
