"""Changes of mind about messages: cancel, reschedule, readdress, hold, release and retry."""

from __future__ import annotations

from datetime import datetime

import duckdb

from activations import destinations, tables
from activations.outbox.states import UNSENT, decide, listed
from warehouse.clock import naive
from warehouse.dialect import literal


def cancel(
    con: duckdb.DuckDBPyConnection, message_ids_sql: str, reason: str, as_of: datetime
) -> int:
    """Cancel the messages whose ids `message_ids_sql` selects; returns how many are cancelled or asked back.

    Unsent ones are cancelled at once. What a vendor holds for later, or what is on its way this moment, gets a
    cancel request, which the next dispatch takes to the vendor; `cancel_requested_at` says so until it is decided.
    What is past its time is left alone and the attempt is put on record as `too_late`; a page takes its message off.
    """
    tables.ensure(con)
    moment = literal(naive(as_of))
    takers = [n for n in destinations.names() if destinations.connector(n).can_take_back]
    back = ", ".join(literal(name) for name in takers) or "''"
    picked = con.execute(
        f"create or replace temp table outbox_picked as select distinct i.message_id "
        f"from ({message_ids_sql}) as i(message_id)"
    ).fetchall()
    if not picked[0][0]:
        return 0
    stopped = con.execute(f"""
        create or replace temp table outbox_stopped as
        select o.message_id, o.send_at, case
            when o.state in ({listed(UNSENT)}) then 'cancelled'
            when o.state in ('claimed', 'in_doubt') then 'cancel_requested'
            when o.state = 'handed_over' and o.send_at > {moment} then 'cancel_requested'
            when o.state = 'handed_over' and o.destination in ({back}) then 'cancel_requested'
            when o.state in ('handed_over', 'delivered') then 'too_late'
        end as decision
        from activations.outbox as o join outbox_picked as p on o.message_id = p.message_id
        where o.cancel_requested_at is null""").fetchall()
    if not stopped[0][0]:
        return 0
    con.execute(
        f"update activations.outbox as o set cancel_requested_at = {moment}, cancel_reason = {literal(reason)} "
        "from outbox_stopped as s where o.message_id = s.message_id and s.decision = 'cancel_requested'"
    )
    decide(
        con,
        f"""select message_id, case when decision = 'cancelled' then 'cancelled' end as state,
            decision, {literal(reason)} as reason, send_at, null as facts
        from outbox_stopped where decision is not null""",
        as_of,
    )
    query = (
        "select count(*) from outbox_stopped where decision in ('cancelled', 'cancel_requested')"
    )
    return int(con.execute(query).fetchall()[0][0])


def reschedule(con: duckdb.DuckDBPyConnection, select_sql: str, as_of: datetime) -> int:
    """Give unsent messages another time; `select_sql` yields (message_id, due_at); returns how many moved."""
    tables.ensure(con)
    con.execute(
        "create or replace temp table outbox_moved as select m.message_id, cast(m.due_at as timestamp) as due_at "
        f"from ({select_sql}) as m join activations.outbox as o on m.message_id = o.message_id "
        f"where o.state in ({listed(UNSENT)}) and o.due_at is distinct from cast(m.due_at as timestamp)"
    )
    con.execute(
        "update activations.outbox as o set due_at = m.due_at from outbox_moved as m "
        "where o.message_id = m.message_id"
    )
    decide(
        con,
        "select message_id, 'planned' as state, 'rescheduled' as decision, "
        "'to ' || strftime(due_at, '%Y-%m-%d %H:%M') as reason, cast(null as timestamp) as send_at, "
        "null as facts from outbox_moved",
        as_of,
    )
    return int(con.execute("select count(*) from outbox_moved").fetchall()[0][0])


def readdress(con: duckdb.DuckDBPyConnection, select_sql: str, reason: str, as_of: datetime) -> int:
    """Give unsent messages to another contact; `select_sql` yields (message_id, contact_id); returns how many moved."""
    tables.ensure(con)
    moved = con.execute(
        "create or replace temp table outbox_moved as select m.message_id, m.contact_id, o.send_at "
        f"from ({select_sql}) as m join activations.outbox as o on m.message_id = o.message_id "
        f"where o.state in ({listed(UNSENT)}) and o.contact_id is distinct from m.contact_id"
    ).fetchall()
    if not moved[0][0]:
        return 0
    con.execute(
        "update activations.outbox as o set contact_id = m.contact_id from outbox_moved as m "
        "where o.message_id = m.message_id"
    )
    decide(
        con,
        f"select message_id, cast(null as varchar) as state, 'readdressed' as decision, {literal(reason)} as reason, "
        "send_at, null as facts from outbox_moved",
        as_of,
    )
    return int(moved[0][0])


def hold(con: duckdb.DuckDBPyConnection, message_ids_sql: str, reason: str, as_of: datetime) -> int:
    """Keep unsent messages back until `release`, or until they expire; returns how many."""
    return _hold(con, message_ids_sql, reason, as_of, held=True)


def release(
    con: duckdb.DuckDBPyConnection, message_ids_sql: str, reason: str, as_of: datetime
) -> int:
    """Let held messages compete again; returns how many."""
    return _hold(con, message_ids_sql, reason, as_of, held=False)


def retry(
    con: duckdb.DuckDBPyConnection, message_ids_sql: str, reason: str, as_of: datetime
) -> int:
    """Let messages compete again that could not be rendered; what a vendor refused stays refused; returns how many."""
    tables.ensure(con)
    con.execute(
        "create or replace temp table outbox_picked as select o.message_id "
        f"from activations.outbox as o join ({message_ids_sql}) as i(message_id) on o.message_id = i.message_id "
        "where o.state = 'rejected' and o.channel is not null and o.message is not null and o.purpose is not null "
        "and o.message_id not in (select right(key, 32) from activations.retries where key is not null)"
    )
    decide(
        con,
        f"select message_id, 'planned' as state, 'retried' as decision, {literal(reason)} as reason, "
        "cast(null as timestamp) as send_at, null as facts from outbox_picked",
        as_of,
    )
    return int(con.execute("select count(*) from outbox_picked").fetchall()[0][0])


def _hold(
    con: duckdb.DuckDBPyConnection,
    message_ids_sql: str,
    reason: str,
    as_of: datetime,
    *,
    held: bool,
) -> int:
    tables.ensure(con)
    con.execute(
        "create or replace temp table outbox_picked as select o.message_id, o.send_at "
        f"from activations.outbox as o join ({message_ids_sql}) as i(message_id) "
        f"on o.message_id = i.message_id where o.state in ({listed(UNSENT)}) "
        f"and o.held_at is {'' if held else 'not '}null"
    )
    moment = literal(naive(as_of)) if held else "null"
    con.execute(
        f"update activations.outbox as o set held_at = {moment} from outbox_picked as p "
        "where o.message_id = p.message_id"
    )
    word = "held" if held else "released"
    decide(
        con,
        f"select message_id, 'planned' as state, {literal(word)} as decision, {literal(reason)} as reason, "
        "send_at, null as facts from outbox_picked",
        as_of,
    )
    return int(con.execute("select count(*) from outbox_picked").fetchall()[0][0])
