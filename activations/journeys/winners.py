"""Splits that find a winner: decided once, by the goal's rate per arm, and frozen with the counts it was decided by."""

from __future__ import annotations

import json

from activations.journeys.flow import Flow
from activations.journeys.running import Running
from activations.journeys.steps import Split
from activations.journeys.tables import t
from warehouse.dialect import add, literal


def decide(flow: Flow, running: list[Running]) -> None:
    """Freeze each winner whose time has come; a tie goes to the arm declared first."""
    for one in running:
        for vertex in one.graph.ordered():
            if isinstance(vertex.body, Split) and one.is_current:
                _decide(flow, one.journey.journey, vertex.body)


def _decide(flow: Flow, journey: str, split: Split) -> None:
    mine = f"k.journey = {literal(journey)} and k.split = {literal(split.id)}"
    if flow.count(f"select count(*) from {t('winners')} as k where {mine}"):
        return
    if split.until is not None:
        first, second = list(split.arms)[:2]
        taken = flow.count(
            f"select count(*) from {t('assignments')} as k where {mine} and k.arm = {literal(first)}"
        )
        if taken >= split.until.contacts:
            _freeze(flow, journey, split, second, {first: {"contacts": taken}})
        return
    if split.winner is None:
        return
    counts = _counts(flow, journey, split)
    # Nobody has reached the goal yet: that is no evidence for any arm.
    if sum(won for _, won in counts.values()) == 0:
        return
    if split.winner.contacts is not None:
        if sum(n for n, _ in counts.values()) < split.winner.contacts:
            return
    elif split.winner.after is not None:
        end = add("min(k.assigned_at)", seconds=str(split.winner.after.total_seconds))
        if not flow.count(
            f"select count(*) from (select {end} as ends_at from {t('assignments')} as k where {mine}) as x "
            f"where ends_at <= {flow.as_of}"
        ):
            return
    rates = {arm: (won / n if n else 0.0) for arm, (n, won) in counts.items()}
    best = max(split.arms, key=lambda arm: rates[arm])
    evidence = {arm: {"contacts": n, "reached": won} for arm, (n, won) in counts.items()}
    _freeze(flow, journey, split, best, evidence)


def _counts(flow: Flow, journey: str, split: Split) -> dict[str, tuple[int, int]]:
    """Per arm: contacts assigned, and those who reached the goal after that."""
    assert split.winner is not None  # noqa: S101 — asked before
    rows = flow.con.execute(
        "select k.arm, count(*), count(*) filter (where exists (select 1 from "
        f"{t('achievements')} as a where a.journey = k.journey and a.contact_id = k.contact_id "
        "and a.goal = ? and a.outcome = 'achieved' and a.achieved_at >= k.assigned_at)) "
        f"from {t('assignments')} as k where k.journey = ? and k.split = ? group by k.arm",
        [split.winner.goal, journey, split.id],
    ).fetchall()
    found = {str(arm): (int(n), int(won)) for arm, n, won in rows}
    return {arm: found.get(arm, (0, 0)) for arm in split.arms}


def _freeze(
    flow: Flow, journey: str, split: Split, arm: str, evidence: dict[str, dict[str, int]]
) -> None:
    flow.con.execute(
        f"insert into {t('winners')} values (?, ?, ?, ?, ?)",
        [journey, split.id, arm, json.dumps(evidence, sort_keys=True), flow.now],
    )
