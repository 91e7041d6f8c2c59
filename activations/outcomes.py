"""Writes what came of rows, and counts a run so that every row that came in is accounted for; within a transaction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from activations.connector import Outcome
from activations.errors import LedgerError
from activations.schema import CODE_LENGTH, OUTCOMES, PLAN, RUN
from activations.statements import many

OPEN = ("planned", "in_flight")
ROW_STATE = {"delivered": "acked"}  # a row's word for a run's count, where it differs


OF_RUN = sa.update(PLAN).where(PLAN.c.run_id == sa.bindparam("run"))
OUTCOME = {
    "state": sa.bindparam("new_state"),
    "vendor_id": sa.bindparam("new_vendor_id"),
    "code": sa.bindparam("new_code"),
    "message": sa.bindparam("new_message"),
    "is_permanent": sa.bindparam("new_is_permanent"),
    "learned": sa.bindparam("new_learned"),
    "job": sa.func.coalesce(sa.bindparam("new_job", type_=sa.String), PLAN.c.job),
}
RESOLVED = OF_RUN.where(PLAN.c.seq == sa.bindparam("row_seq")).values(OUTCOME)
RESOLVED_IN_A_ROW = OF_RUN.where(
    PLAN.c.seq.between(sa.bindparam("first"), sa.bindparam("last"))
).values(OUTCOME)


def resolve(con: sa.Connection, run_id: str, outcomes: Sequence[Outcome]) -> None:
    """Write the outcomes of a run's rows."""
    if whole := _alike(outcomes):
        first, last = whole
        values = _values(run_id, outcomes[0])
        many(con, RESOLVED_IN_A_ROW, [{**values, "first": first, "last": last}])
        return
    many(con, RESOLVED, [_values(run_id, outcome) for outcome in outcomes])


def _values(run_id: str, outcome: Outcome) -> dict[str, Any]:
    return {
        "run": run_id,
        "row_seq": outcome.seq,
        "new_state": outcome.state,
        "new_vendor_id": outcome.vendor_id,
        "new_code": outcome.code and outcome.code[:CODE_LENGTH],
        "new_message": outcome.message,
        "new_is_permanent": outcome.permanent,
        "new_learned": outcome.learned,
        "new_job": outcome.job,
    }


def _alike(outcomes: Sequence[Outcome]) -> tuple[int, int] | None:
    """First and last of rows one after the other of which the same is said; None where they are anything else."""
    if not outcomes or outcomes[0].vendor_id is not None:
        return None
    said = outcomes[0][1:]  # all but the row's number
    if any(outcome[1:] != said for outcome in outcomes):
        return None
    places = {outcome.seq for outcome in outcomes}
    first, last = min(places), max(places)
    return (first, last) if last - first + 1 == len(outcomes) else None


def count(con: sa.Connection, run_id: str, closed: Mapping[str, Any]) -> dict[str, int]:
    """Write a run's counts, and `closed` with them; raises LedgerError when a row is missing or too many.

    Something came of the run that the warehouse has yet to hear: it is not settled.
    """
    run = con.execute(sa.select(RUN).where(RUN.c.run_id == run_id)).mappings().one()
    query = sa.select(PLAN.c.state, sa.func.count()).where(PLAN.c.run_id == run_id)
    found = {row[0]: int(row[1]) for row in con.execute(query.group_by(PLAN.c.state))}
    if open_rows := {state: found[state] for state in OPEN if state in found}:
        raise LedgerError(f"run {run_id} still has open rows: {open_rows}")
    counts = {
        name: int(run[f"planned_{name}"]) + found.get(ROW_STATE.get(name, name), 0)
        for name in OUTCOMES
    }
    parts = {"unchanged": int(run["unchanged"]), "invalid": int(run["invalid"]), **counts}
    if difference := int(run["rows_in"]) - sum(parts.values()):
        listed = " + ".join(f"{count:,} {name}" for name, count in parts.items() if count) or "none"
        word = "missing" if difference > 0 else "too many"
        raise LedgerError(
            f"run {run_id} of {run['sync']}: {run['rows_in']:,} rows in, but {listed} = "
            f"{sum(parts.values()):,}; {abs(difference):,} {word}"
        )
    con.execute(
        sa.update(RUN).where(RUN.c.run_id == run_id).values(**closed, **counts, is_settled=False)
    )
    return {"rows_in": int(run["rows_in"]), **parts}


def recount(con: sa.Connection, run_id: str) -> None:
    """Count a run again that was delivered; one that is still open is counted when it is closed."""
    state = con.execute(sa.select(RUN.c.state).where(RUN.c.run_id == run_id)).scalar_one()
    if state == "delivered":
        count(con, run_id, {})
