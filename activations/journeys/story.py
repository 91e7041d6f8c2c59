"""Why something happened, told from the journals alone: a contact's way, or everything that led to one message.

Triggers considered, steps left with the values that decided, goals, what came too late, what broke, what steps asked
others to do, and what the outbox decided about each message, in the order in which it happened.
"""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import dataclass

import duckdb

from activations.journeys.errors import JourneyError
from activations.journeys.tables import t
from warehouse.relations import has_table

OUTBOX = "activations.outbox"


@dataclass(frozen=True)
class Passage:
    """One thing that happened; `facts` are the values that decided, as JSON text or a word."""

    at: dt.datetime
    journey: str
    step: str
    what: str
    facts: str | None

    def __str__(self) -> str:
        facts = f"  [{said(self.facts)}]" if self.facts else ""
        return f"{self.at:%Y-%m-%d %H:%M}  {self.journey}  {self.step}: {self.what}{facts}"


# Each names at, tick, place in a tick, journey, step, what, facts, and whose enrollment it is.
PARTS = (
    "select g.occurred_at, g.tick_at, 0, g.journey, 'entry', case g.decision when 'enrolled' then 'entered' "
    "else 'not entered: ' || g.decision end, 'trigger ' || g.trigger_key, "
    f"e.enrollment_id, g.contact_id from {t('triggered')} as g left join {t('enrollments')} as e "
    "on g.journey = e.journey and g.contact_id = e.contact_id and g.trigger_key = e.trigger_key "
    "and g.decision = 'enrolled'",
    "select h.left_at, h.tick_at, 10 + h.round, h.journey, h.step_id, h.kind || ' → ' || coalesce(h.branch, '') "
    "|| case when h.visit > 1 then ' (visit ' || h.visit || ')' else '' end, h.inputs, h.enrollment_id, h.contact_id "
    f"from {t('history')} as h",
    "select a.achieved_at, a.tick_at, 5, a.journey, a.goal, 'goal ' || a.outcome, null, e.enrollment_id, a.contact_id "
    f"from {t('achievements')} as a inner join {t('enrollments')} as e on a.enrollment_no = e.enrollment_no",
    "select l.seen_at, l.seen_at, 9, e.journey, n.step_id, 'an event of ' || l.event_at || ' was loaded after the "
    "timer of ' || l.deadline || ' had gone', l.inputs, "
    f"e.enrollment_id, e.contact_id from {t('late_events')} as l inner join {t('enrollments')} as e "
    f"on l.enrollment_no = e.enrollment_no inner join {t('nodes')} as n on l.node = n.node",
    "select q.seen_at, q.seen_at, 8, q.journey, q.step_id, 'stands still: ' || q.reason || "
    "coalesce(', released ' || q.released_at, ''), null, e.enrollment_id, q.contact_id "
    f"from {t('quarantine')} as q inner join {t('enrollments')} as e on q.enrollment_no = e.enrollment_no",
    "select c.planned_at, c.planned_at, 2000, c.journey, c.step_id, c.kind || ' asked of ' || "
    f"coalesce(c.destination, 'us'), c.payload, c.enrollment_id, c.contact_id from {t('actions')} as c",
    "select d.as_of, d.as_of, 2001, c.journey, c.step_id, c.kind || ': ' || d.state || coalesce(', ' || d.reason, ''), "
    "case when d.state = 'delivered' then concat_ws(', ', 'id there ' || s.vendor_id, 'owner ' || s.owner) end, "
    f"c.enrollment_id, c.contact_id from {t('action_decisions')} as d "
    f"inner join {t('actions')} as c on d.action_id = c.action_id "
    f"left join {t('action_states')} as s on d.action_id = s.action_id",
    "select o.planned_at, o.planned_at, 3000, coalesce(o.source_name, o.source), coalesce(o.step_id, ''), "
    "'message ' || o.message || ' proposed for ' || o.due_at, 'message_id ' || o.message_id, o.enrollment_id, "
    f"o.contact_id from {OUTBOX} as o",
    "select d.as_of, d.as_of, 3001, coalesce(o.source_name, o.source), coalesce(o.step_id, ''), "
    "'outbox: ' || d.decision || coalesce(', ' || d.reason, ''), d.facts, o.enrollment_id, o.contact_id "
    f"from activations.outbox_decisions as d inner join {OUTBOX} as o on d.message_id = o.message_id",
    "select e.ended_at, e.ended_at, 4000, e.journey, 'end', e.status || coalesce(': ' || e.reason, ''), null, "
    f"e.enrollment_id, e.contact_id from {t('enrollments')} as e where e.ended_at is not null",
)
COLUMNS = "moment, tick, place, journey, step, what, facts, enrollment_id, contact_id"


def of_contact(
    con: duckdb.DuckDBPyConnection, contact_id: str, journey: str | None = None
) -> list[Passage]:
    """Everything about a contact, of one journey where given."""
    test = "contact_id = ?" + ("" if journey is None else " and journey = ?")
    return _told(con, test, [contact_id, *([journey] if journey is not None else [])])


def of_message(con: duckdb.DuckDBPyConnection, message_id: str) -> list[Passage]:
    """All that happened in a message's stay until it was planned, and what became of it. Raises JourneyError."""
    rows = con.execute(
        f"select enrollment_id, source_name, step_id, planned_at, state, reason from {OUTBOX} "
        "where message_id = ?",
        [message_id],
    ).fetchall()
    if not rows:
        raise JourneyError(f"the outbox has no message {message_id!r}")
    enrollment, name, step, planned, state, reason = rows[0]
    before = _told(
        con,
        "enrollment_id = ? and journey = ? and tick <= ? and (place < 3000 or step = ?)",
        [enrollment, name, planned, step],
    )
    after = _told(
        con,
        "enrollment_id = ? and journey = ? and step = ? and tick > ?",
        [enrollment, name, step, planned],
    )
    last = Passage(after[-1].at if after else planned, name, step or "", f"now {state}", reason)
    return [*before, *after, last]


def is_message(con: duckdb.DuckDBPyConnection, word: str) -> bool:
    """Whether the outbox has a message of that id."""
    return bool(con.execute(f"select 1 from {OUTBOX} where message_id = ?", [word]).fetchall())


def contact_of(con: duckdb.DuckDBPyConnection, who: str) -> str:
    """The contact's id, from an id or an e-mail address."""
    if "@" not in who or not has_table(con, "marts", "dim_contacts"):
        return who
    rows = con.execute(
        "select min(contact_id) from marts.dim_contacts where email = lower(trim(?))", [who]
    ).fetchall()
    return str(rows[0][0]) if rows[0][0] is not None else who


def said(facts: str) -> str:
    """JSON as `name: value, …`; anything else as it is."""
    try:
        read = json.loads(facts)
    except json.JSONDecodeError:
        return facts
    many = read if isinstance(read, list) else [read]
    if not all(isinstance(one, dict) for one in many):
        return facts
    return "; ".join(
        ", ".join(f"{name}: {'nothing' if value is None else value}" for name, value in one.items())
        for one in many
    )


def _told(con: duckdb.DuckDBPyConnection, test: str, values: list[object]) -> list[Passage]:
    union = " union all ".join(PARTS)
    names = "moment, journey, step, what, cast(facts as varchar)"
    rows = con.execute(
        f"select {names} from ({union}) as x ({COLUMNS}) where {test} "
        "order by moment asc nulls last, tick asc nulls last, place asc nulls last",
        values,
    ).fetchall()
    return [Passage(*row) for row in rows]
