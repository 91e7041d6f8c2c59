"""Spreads messages over the hours when a channel takes only so many an hour: first come by rank, the rest later."""

from __future__ import annotations

from datetime import datetime

import duckdb

from activations.outbox.rules import Rules
from activations.outbox.states import COUNTED, listed
from warehouse.clock import naive
from warehouse.dialect import literal


def spread(con: duckdb.DuckDBPyConnection, rules: Rules, as_of: datetime) -> None:
    """Fill `outbox_spread` (message_id, slot): the hour (UTC) to which a message of `outbox_ranked` has to move.

    Of the admitted ones, in the order of their hour and place, the n-th of a queue that serves `capacity_per_hour` an
    hour is served no earlier than its own hour; what was sent in the present hour was served before them. Only those
    that move are listed.
    """
    con.execute("create or replace temp table outbox_spread (message_id varchar, slot timestamp)")
    hour = naive(as_of).replace(minute=0, second=0, microsecond=0)
    for name, channel in rules.channels.items():
        if (most := channel.capacity_per_hour) is None:
            continue
        con.execute(f"""
            insert into outbox_spread
            with used as (
                select count(*) as used from activations.outbox
                where channel = {literal(name)} and state in ({listed(COUNTED)})
                    and coalesce(send_at, state_at) >= {literal(hour)}
                    and coalesce(send_at, state_at) < {literal(hour)} + interval 1 hour
            ),
            queue as (
                select r.message_id, date_diff('hour', {literal(hour)}, date_trunc('hour', r.goes_at)) as its_hour,
                    row_number() over (
                        order by date_trunc('hour', r.goes_at) nulls last, r.place nulls last
                    ) - 1 as ahead
                from outbox_ranked as r join outbox_admitted as a on r.message_id = a.message_id
                where a.is_admitted and r.channel = {literal(name)}
            ),
            served as (
                select q.*, q.ahead + max(greatest(q.its_hour * {most}, u.used) - q.ahead) over (
                    order by q.ahead nulls last rows between unbounded preceding and current row
                ) as number
                from queue as q cross join used as u
            )
            select message_id, {literal(hour)} + to_hours(cast(number // {most} as bigint)) as slot
            from served where number // {most} > its_hour""")
