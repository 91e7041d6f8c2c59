"""What journeys did, from transitions and enrollments only; no counter is kept anywhere."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

import duckdb

from activations.journeys.tables import t


@dataclass(frozen=True)
class Passage:
    """One thing that a journey did with a contact."""

    at: dt.datetime
    journey: str
    step: str
    what: str
    inputs: str | None


def overview(con: duckdb.DuckDBPyConnection) -> list[tuple[Any, ...]]:
    """One row per journey: state, entered, inside, achieved, completed, exited, messages proposed."""
    return con.execute(
        "select c.journey, c.state, count(e.enrollment_no), "
        "count(e.enrollment_no) filter (where e.status = 'active'), "
        "count(e.enrollment_no) filter (where exists (select 1 from "
        f"{t('achievements')} as a where a.enrollment_no = e.enrollment_no and a.outcome = 'achieved')), "
        "count(e.enrollment_no) filter (where e.status = 'completed'), "
        "count(e.enrollment_no) filter (where e.status = 'exited'), "
        "(select count(*) from activations.outbox as o where o.source = 'journey' and o.source_name = c.journey) "
        f"from {t('control')} as c left join {t('enrollments')} as e on c.journey = e.journey "
        "group by c.journey, c.state order by c.journey"
    ).fetchall()


def why(con: duckdb.DuckDBPyConnection, contact_id: str) -> list[Passage]:
    """Everything that journeys decided about a contact, in order: entries, refusals, steps, ends."""
    rows = con.execute(
        "select at_moment, journey, step, what, inputs from ("
        "select g.occurred_at as at_moment, g.tick_at, 0 as place, g.journey, 'entry' as step, "
        f"case g.decision when 'enrolled' then 'entered' else 'not entered: ' || g.decision end as what, "
        f"g.trigger_key as inputs from {t('triggered')} as g where g.contact_id = ? "
        "union all select h.left_at, h.tick_at, 1 + h.ordinal, h.journey, h.step_id, "
        "h.kind || ' → ' || coalesce(h.branch, ''), h.inputs "
        f"from {t('history')} as h where h.contact_id = ? "
        "union all select e.ended_at, e.ended_at, 100000, e.journey, 'end', "
        "e.status || coalesce(': ' || e.reason, ''), null "
        f"from {t('enrollments')} as e where e.contact_id = ? and e.ended_at is not null"
        ") as x order by at_moment asc nulls last, tick_at asc nulls last, place asc nulls last",
        [contact_id] * 3,
    ).fetchall()
    return [Passage(*row) for row in rows]


def sentence(passage: Passage) -> str:
    """A passage as one line."""
    line = f"{passage.at:%Y-%m-%d %H:%M}  {passage.journey}  {passage.step}: {passage.what}"
    return f"{line}  {passage.inputs}" if passage.inputs else line
