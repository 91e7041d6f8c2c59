"""Keeps account of whom plans hold back, by sync and reason: from the plan that begins it to the one that ends it.

A contact who is suppressed for a year is one row, not one for each plan.
"""

from __future__ import annotations

from datetime import datetime

import duckdb

from activations import destinations, tables
from activations.syncs import Sync
from warehouse.clock import naive
from warehouse.dialect import literal

STATES = ("suppressed", "invalid", "held")


def record(con: duckdb.DuckDBPyConnection, sync: Sync, planned_at: datetime) -> None:
    """Compare `act_rows` of a plan with whom the sync held back before; within the plan's transaction."""
    connector = destinations.connector(sync.destination)
    channel, _ = connector.addresses.get(sync.object, (connector.channel, ""))
    moment, states = literal(naive(planned_at)), ", ".join(literal(name) for name in STATES)
    now = (
        "select coalesce(key_hash, '') as key_hash, contact_id, operation as state, min(reason) as reason "
        f"from act_rows where operation in ({states}) and contact_id is not null group by all"
    )
    same = (
        "w.entity_key_hash = n.key_hash and w.contact_id = n.contact_id and w.state = n.state "
        "and w.reason is not distinct from n.reason"
    )
    mine = f"w.sync = {literal(sync.name)} and w.ended_at is null"
    con.execute(
        f"update {tables.WITHHELD} as w set ended_at = {moment} "
        f"where {mine} and not exists (select 1 from ({now}) as n where {same})"
    )
    con.execute(f"""
        insert into {tables.WITHHELD} by name
        select md5(concat_ws('/', {literal(sync.name)}, key_hash, contact_id, state, reason, {moment})) as withheld_id,
            {literal(sync.name)} as sync, {literal(sync.destination)} as destination,
            {literal(sync.object)} as object, {literal(sync.mode)} as mode, {literal(channel)} as channel,
            key_hash as entity_key_hash, contact_id, state, reason, {moment} as withheld_at,
            cast(null as timestamp) as ended_at
        from ({now}) as n
        where not exists (select 1 from {tables.WITHHELD} as w where {mine} and {same})""")
