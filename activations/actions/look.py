"""Looks at actions: how many of each step are in which state, and why."""

from __future__ import annotations

import datetime as dt

import duckdb

from activations.actions.book import FINAL
from activations.journeys.tables import t
from warehouse.dialect import literal

FINE = FINAL[0]


def overview(
    con: duckdb.DuckDBPyConnection, journey: str | None = None, *, trouble: bool = False
) -> list[tuple[str, str, str, str, str | None, int, dt.datetime]]:
    """One row per journey, step, kind, state and reason: how many, and when the last was asked for."""
    tests = ["true"]
    if journey is not None:
        tests.append(f"a.journey = {literal(journey)}")
    if trouble:
        tests.append(f"coalesce(s.state, 'waiting') <> {literal(FINE)}")
    return con.execute(f"""
        select a.journey, a.step_id, a.kind, coalesce(s.state, 'waiting') as state,
            coalesce(s.reason, 'not looked at yet') as reason, count(*), max(a.planned_at)
        from {t("actions")} as a left join {t("action_states")} as s on a.action_id = s.action_id
        where {" and ".join(tests)}
        group by a.journey, a.step_id, a.kind, coalesce(s.state, 'waiting'), coalesce(s.reason, 'not looked at yet')
        order by a.journey, a.step_id, state, reason""").fetchall()
