"""What journeys did, from transitions and enrollments only; no counter is kept anywhere."""

from __future__ import annotations

from typing import Any

import duckdb

from activations.journeys.tables import t


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
