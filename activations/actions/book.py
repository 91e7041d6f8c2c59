"""What became of each action: tables of states, decisions and turns in schema `journeys`, and how a state changes."""

from __future__ import annotations

from datetime import datetime

import duckdb

from activations.journeys.tables import t
from warehouse.clock import naive
from warehouse.dialect import add, literal

# waiting      for its destination, a fact that is missing, or another attempt
# in_doubt     nobody knows whether the destination has it; asked, never blindly sent again
OPEN = ("waiting", "in_doubt")
# delivered · rejected: refused for good · expired: nobody took it in time · skipped: there was nothing to do it to
FINAL = ("delivered", "rejected", "expired", "skipped")


def decide(con: duckdb.DuckDBPyConnection, decisions: str, as_of: datetime) -> int:
    """Put (action_id, state, reason, vendor_id) on record where it is news; returns how many were."""
    moment = literal(naive(as_of))
    con.execute(f"create or replace temp table action_decided as {decisions}")
    con.execute(f"""
        create or replace temp table action_news as
        select d.*, a.contact_id from action_decided as d
        inner join {t("actions")} as a on d.action_id = a.action_id
        left join {t("action_states")} as s on d.action_id = s.action_id
        where s.state is distinct from d.state or s.reason is distinct from d.reason""")
    news = int(con.execute("select count(*) from action_news").fetchall()[0][0])
    if not news:
        return 0
    con.execute(
        f"insert into {t('action_decisions')} select action_id, contact_id, {moment}, state, reason from action_news"
    )
    con.execute(
        f"insert into {t('action_states')} (action_id, contact_id, state, reason, state_at) "
        f"select action_id, contact_id, state, reason, {moment} from action_news "
        f"where action_id not in (select action_id from {t('action_states')})"
    )
    con.execute(f"""
        update {t("action_states")} as s
        set state = d.state, reason = d.reason, vendor_id = coalesce(d.vendor_id, s.vendor_id),
            state_at = {moment}
        from action_news as d where s.action_id = d.action_id""")
    return news


def absorb(con: duckdb.DuckDBPyConnection, sync: str, as_of: datetime, *, appends: bool) -> None:
    """What the delivery ledger knows of a sync's open actions becomes their state."""
    same = "true" if appends else "a.row_hash = s.row_hash"
    opened = ", ".join(literal(state) for state in OPEN)
    decide(
        con,
        f"""select s.action_id,
            case
                when r.state in ('in_doubt', 'submitted') then 'in_doubt'
                when r.state in ('barred', 'parked') then 'rejected'
                when r.key is null and a.key is not null and {same} then 'delivered'
                else 'waiting'
            end as state,
            case
                when r.key is not null then concat_ws(': ', r.code, coalesce(r.message, r.state))
                when a.key is not null and {same} then 'to ' || s.destination
                else s.reason
            end as reason, a.vendor_id
        from {t("action_states")} as s
        left join (select * from activations.acknowledged where sync = {literal(sync)}) as a on s.key = a.key
        left join (select * from activations.retries where sync = {literal(sync)}) as r on s.key = r.key
        where s.sync = {literal(sync)} and s.state in ({opened}) and s.row_hash is not null""",
        as_of,
    )


def expire(con: duckdb.DuckDBPyConnection, as_of: datetime, seconds: float) -> int:
    """Give up what nobody took in time; what is in doubt stays in doubt."""
    moment = literal(naive(as_of))
    return decide(
        con,
        f"""select a.action_id, 'expired' as state,
            concat_ws(': ', 'nobody took it in time', s.reason) as reason, cast(null as varchar) as vendor_id
        from {t("actions")} as a left join {t("action_states")} as s on a.action_id = s.action_id
        where coalesce(s.state, 'waiting') = 'waiting'
            and {add("a.planned_at", seconds=str(int(seconds)))} < {moment}""",
        as_of,
    )
