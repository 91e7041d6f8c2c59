"""Decides which messages go now, over all journeys and campaigns at once: allowed, in time, within caps."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import duckdb

from activations import tables
from activations.outbox import capacity, caps, permission, times
from activations.outbox.rules import Rules
from activations.outbox.states import UNSENT, decide, listed
from warehouse.clock import naive
from warehouse.dialect import ident, literal
from warehouse.relations import has_table

NOW = "cleared"
MERGES = "fct_identity_changes"
STAYS = ("journeys", "enrollments")


@dataclass(frozen=True)
class Verdicts:
    """How many messages each decision fell on, by channel and decision; who only waits for their time is `planned`."""

    rows: tuple[tuple[str, str, int], ...]

    @property
    def counts(self) -> dict[str, int]:
        """Over all channels."""
        found: dict[str, int] = {}
        for _, decision, count in self.rows:
            found[decision] = found.get(decision, 0) + count
        return found

    def of(self, channel: str) -> dict[str, int]:
        """Of one channel."""
        return {decision: count for name, decision, count in self.rows if name == channel}


def arbitrate(con: duckdb.DuckDBPyConnection, rules: Rules, as_of: datetime) -> Verdicts:
    """Rank every unsent message and decide for those whose time has come; the same `as_of` twice decides the same.

    Messages compete by priority and value (higher first), then due_at and id. What is decided for later (a time that
    quiet hours move, a place in a cap) is provisional: the next call ranks anew. Raises DefinitionError while the
    models that say who may be written to are not built.
    """
    tables.ensure(con)
    marts = permission.check(con)
    _candidates(con, rules, as_of, marts)
    _leave_quiet_hours(con, rules)
    _rank(con)
    caps.admit(con, rules)
    capacity.spread(con, rules, as_of)
    decide(con, _decisions(rules, as_of), as_of)
    rows = con.execute(
        "select c.channel, coalesce(d.decision, d.state), count(*) from outbox_decided as d "
        "join outbox_candidates as c on d.message_id = c.message_id group by all order by all"
    ).fetchall()
    return Verdicts(tuple((str(channel), str(name), int(count)) for channel, name, count in rows))


def _candidates(
    con: duckdb.DuckDBPyConnection, rules: Rules, as_of: datetime, marts: frozenset[str]
) -> None:
    """Fill `outbox_candidates`: every unsent message with whom it goes to, until when, and when it could go at best."""
    moment = literal(naive(as_of))
    life = "null" if rules.expires_after is None else _after("o.due_at", rules.expires_after)
    zones = "(select name from pg_timezone_names())"
    con.execute(
        "create or replace temp table outbox_unsent as "
        f"select * from activations.outbox as o where o.state in ({listed(UNSENT)}){_settled(con, marts)}"
    )
    con.execute(f"""
        create or replace temp table outbox_candidates as
        select o.message_id, coalesce(o.contact_id, o.address) as whose, o.channel, o.purpose, o.priority,
            o.value, o.due_at, o.on_cap, o.held_at, o.reason as last_reason, p.refusal,
            coalesce(own.name, said.name, {literal(rules.zone)}) as zone,
            coalesce(o.expires_at, {life}) as expires_at,
            greatest(o.due_at, {moment}) as goes_at
        from outbox_unsent as o
        join ({permission.query("outbox_unsent")}) as p on o.message_id = p.message_id
        left join {zones} as own on p.contact_zone = own.name
        left join {zones} as said on o.zone = said.name""")


def _settled(con: duckdb.DuckDBPyConnection, marts: frozenset[str]) -> str:
    """Leaves out journeys' messages to contacts whose merge no tick has seen: it says which of them go, and to whom."""
    if MERGES not in marts or not has_table(con, *STAYS):
        return ""
    unseen = (
        f"from {ident('marts', MERGES)} as x inner join {ident(*STAYS)} as e on x.previous_contact_id = e.contact_id "
        "inner join marts.dim_contacts as c on x.contact_id = c.contact_id where x.kind = 'merge' "
        # Whoever was split off again is somebody, and no tick moves what is theirs.
        "and x.previous_contact_id not in (select w.contact_id from marts.dim_contacts as w)"
    )
    return (
        " and not (o.source = 'journey' and o.contact_id is not null and o.contact_id in "
        f"(select x.previous_contact_id {unseen} union all select x.contact_id {unseen}))"
    )


def _leave_quiet_hours(con: duckdb.DuckDBPyConnection, rules: Rules) -> None:
    """Move what would go in quiet hours to their end; of several windows, as often as one may lead into another."""
    for _ in rules.quiet_hours:
        for quiet in rules.quiet_hours:
            con.execute(
                f"update outbox_candidates set goes_at = {times.quiet_end(quiet, 'goes_at', 'zone')} "
                f"where {times.is_quiet(quiet, 'goes_at', 'zone')}"
            )


def _rank(con: duckdb.DuckDBPyConnection) -> None:
    """Fill `outbox_ranked`: who competes, best first."""
    con.execute("""
        create or replace temp table outbox_ranked as
        select *, row_number() over (
            order by priority desc nulls last, value desc nulls last, due_at nulls last, message_id nulls last
        ) as place
        from outbox_candidates
        where refusal is null and held_at is null and (expires_at is null or goes_at < expires_at)""")
    con.execute(
        "create or replace temp table outbox_zones as "
        "select whose, min(zone) as zone from outbox_ranked group by whose"
    )


def _decisions(rules: Rules, as_of: datetime) -> str:
    """The query of decisions.

    Before a message's time has come nothing is held against it: consent may be given, and places may become free.
    """
    moment = literal(naive(as_of))
    horizons = " ".join(
        f"when {literal(name)} then {literal(naive(as_of + rules.horizon(name)))}"
        for name in ("email", "sms", "onsite")
    )
    known = ", ".join(literal(name) for name in rules.channels) or "''"
    return f"""
        with judged as (
            select c.*, a.is_admitted, a.cap, a.used, a.loser, r.place, s.slot,
                case
                    when c.expires_at <= {moment} then 'expired'
                    when c.held_at is not null then 'held'
                    when c.goes_at >= c.expires_at then 'expired'
                    when c.goes_at > case c.channel {horizons} end then 'planned'
                    when c.refusal is not null then 'skipped'
                    when c.channel not in ({known}) then 'skipped'
                    when a.loser = 'drop' then 'dropped'
                    when not a.is_admitted then 'deferred'
                    when s.slot is not null then 'deferred'
                    else '{NOW}'
                end as decision
            from outbox_candidates as c
            left join outbox_ranked as r on c.message_id = r.message_id
            left join outbox_admitted as a on c.message_id = a.message_id
            left join outbox_spread as s on c.message_id = s.message_id
        )
        select message_id,
            case when decision = 'held' then 'planned' else decision end as state,
            case when decision <> 'planned' or goes_at > greatest(due_at, {moment}) then decision end as decision,
            case decision
                when 'expired' then case
                    when expires_at <= {moment} then 'its time was over at ' || {_text("expires_at")}
                    else 'quiet hours last longer than it is worth sending, until ' || {_text("expires_at")} end
                when 'held' then last_reason
                when 'planned' then case
                    when goes_at > greatest(due_at, {moment}) then 'quiet hours: not before ' || {_text("goes_at")}
                    else 'waits for its time' end
                when 'skipped' then coalesce(refusal, 'no destination for ' || channel)
                when 'dropped' then 'cap of ' || cap || ': ' || used || ' before it'
                when 'deferred' then case
                    when cap is not null then 'cap of ' || cap || ': ' || used || ' before it'
                    else 'capacity of the hour: not before ' || {_text("slot")} end
                else 'may go' end as reason,
            case when decision in ('{NOW}', 'planned') then goes_at when decision = 'deferred' then slot end as send_at,
            cast(json_object('due_at', due_at, 'goes_at', goes_at, 'zone', zone, 'place', place,
                'cap', cap, 'used', used, 'priority', priority, 'value', value, 'expires_at', expires_at,
                'refusal', refusal) as varchar)
                as facts
        from judged"""


def _after(moment: str, much: timedelta) -> str:
    return f"{moment} + to_seconds({int(much.total_seconds())})"


def _text(moment: str) -> str:
    return f"strftime({moment}, '%Y-%m-%d %H:%M')"
