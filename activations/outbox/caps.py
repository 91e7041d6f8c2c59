"""Frequency caps over the union of all journeys, campaigns and message syncs: who gets the places, in rank order.

A message is admitted when every cap that it falls under has room for it and for all that rank before it; it is out when
one has none left. Each round decides the best of every contact at least, so a few rounds decide all.
"""

from __future__ import annotations

import duckdb

from activations import tables
from activations.outbox.permission import TRANSACTIONAL
from activations.outbox.rules import Rules
from activations.outbox.states import COUNTED, listed
from activations.outbox.times import period
from warehouse.dialect import literal

OURS = "outbox^_%"  # syncs whose messages the outbox knows itself
LONGEST_DAYS = 32  # no cap looks further back


def admit(con: duckdb.DuckDBPyConnection, rules: Rules) -> None:
    """Fill `outbox_admitted` (message_id, is_admitted, cap, used, loser) for every row of `outbox_ranked`.

    `outbox_ranked` holds message_id, whose, channel, purpose, goes_at (UTC), zone, place and on_cap; `outbox_zones`
    the zone of each `whose`.
    """
    con.execute("""
        create or replace temp table outbox_admitted (
            message_id varchar, is_admitted boolean, cap varchar, used bigint, loser varchar)""")
    con.execute(
        "create or replace temp table outbox_slots (cap bigint, whose varchar, starts date, "
        "message_id varchar, place bigint, at_most bigint, name varchar, loser varchar)"
    )
    con.execute(
        "create or replace temp table outbox_used (cap bigint, whose varchar, starts date, used bigint)"
    )
    for number, cap in enumerate(rules.caps):
        if cap.at_most is None:
            continue
        channels = ", ".join(literal(name) for name in cap.channels)
        mine = f"purpose <> {literal(TRANSACTIONAL)} and channel in ({channels})"
        con.execute(
            f"insert into outbox_slots select {number}, whose, {period('goes_at', 'zone', cap.per)}, message_id, "
            f"place, {cap.at_most}, {literal(cap.name)}, coalesce(on_cap, {literal(cap.loser)}) "
            f"from outbox_ranked where {mine}"
        )
        # What candidates are is theirs to win again; all else that was or is about to be sent has its place.
        con.execute(
            f"insert into outbox_used select {number}, whose, starts, count(*) from ("
            f"select z.whose, {period('coalesce(o.send_at, o.state_at)', 'z.zone', cap.per)} as starts "
            f"from activations.outbox as o join outbox_zones as z on coalesce(o.contact_id, o.address) = z.whose "
            f"where o.state in ({listed(COUNTED)}) and {mine} "
            "and o.message_id not in (select message_id from outbox_ranked)) group by all"
        )
    left = con.execute("select count(distinct message_id) from outbox_slots").fetchall()[0][0]
    if left:
        _count_syncs(con, rules)
    con.execute(
        "create or replace temp table outbox_used as "
        "select cap, whose, starts, sum(used) as used from outbox_used group by all"
    )
    con.execute("""
        insert into outbox_admitted select message_id, true, null, null, null from outbox_ranked
        where message_id not in (select message_id from outbox_slots)""")
    while left and (decided := _round(con)):
        left -= decided


def _count_syncs(con: duckdb.DuckDBPyConnection, rules: Rules) -> None:
    """Add to `outbox_used` what hand-written message syncs sent, by its receipts: they have no purpose, so all.

    A message counts once, however many receipts it has; the newest of them says whether it went out.
    """
    con.execute(f"""
        create or replace temp table outbox_synced as
        select contact_id as whose, channel, z.zone, max_by(outcome, received_at) as outcome,
            min(attempted_at) as sent_at
        from {tables.RECEIPTS} as r join outbox_zones as z on r.contact_id = z.whose
        where r.mode = 'append' and r.sync not like {literal(OURS)} escape '^'
            and r.attempted_at >= (select min(goes_at) from outbox_ranked) - to_days({LONGEST_DAYS})
        group by r.sync, r.entity_key_hash, r.contact_id, r.channel, z.zone""")
    for number, cap in enumerate(rules.caps):
        if cap.at_most is not None:
            channels = ", ".join(literal(name) for name in cap.channels)
            con.execute(
                f"insert into outbox_used select {number}, whose, {period('sent_at', 'zone', cap.per)} as starts, "
                f"count(*) from outbox_synced where channel in ({channels}) "
                "and outcome in ('delivered', 'in_doubt') group by all"
            )


def _round(con: duckdb.DuckDBPyConnection) -> int:
    """Decide what can be decided; returns how many messages that were."""
    con.execute("""
        create or replace temp table outbox_round as
        with taken as (
            select s.cap, s.whose, s.starts, count(*) as taken
            from outbox_slots as s join outbox_admitted as a on s.message_id = a.message_id
            where a.is_admitted group by all
        ),
        waiting as (
            select s.*,
                coalesce(u.used, 0) + coalesce(t.taken, 0) as used,
                row_number() over (
                    partition by s.cap, s.whose, s.starts order by s.place nulls last
                ) as turn
            from outbox_slots as s
            left join outbox_used as u on s.cap = u.cap and s.whose = u.whose and s.starts = u.starts
            left join taken as t on s.cap = t.cap and s.whose = t.whose and s.starts = t.starts
            where s.message_id not in (select message_id from outbox_admitted)
        )
        select message_id,
            bool_and(used + turn <= at_most) as is_admitted,
            bool_or(used >= at_most) as is_out,
            min_by(name, (used < at_most, cap)) as cap,
            min_by(used, (used < at_most, cap)) as used,
            -- Whoever may not come back under one cap does not come back.
            max(case when used >= at_most then loser end) as loser
        from waiting group by message_id""")
    decided = con.execute("""
        insert into outbox_admitted
        select message_id, is_admitted, case when is_out then cap end,
            case when is_out then used end, case when is_out then loser end
        from outbox_round where is_admitted or is_out""").fetchall()
    return int(decided[0][0])
