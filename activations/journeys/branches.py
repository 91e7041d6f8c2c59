"""Steps that take no time: `if`, `split`, `goal` on the way, and `end`."""

from __future__ import annotations

from activations.journeys.flow import FOREVER, Flow, listed
from activations.journeys.tables import t
from warehouse.dialect import bucket, literal


def take_ifs(flow: Flow) -> None:
    """The first case that holds, else `else`; with the values of all cases that were looked at."""
    for cases, answered in flow.asking("if"):
        edges = [(f"q.value_{i}", literal(edge)) for i, (edge, _) in enumerate(cases)]
        keys = [(f"q.value_{i}", literal(key)) for i, (_, key) in enumerate(cases)]
        since = [(f"q.value_{i}", f"q.true_at_{i}") for i in range(len(cases))]
        inputs = " || ', ' || ".join(f"q.inputs_{i}" for i in range(len(cases)))
        flow.take(
            f"({answered}) as q",
            went="q.broken is null",
            edge=first(edges, literal("else")),
            condition=first(keys, literal(min(key for _, key in cases))),
            inputs=inputs if len(cases) == 1 else f"'[' || {inputs} || ']'",
            event_at=first(since, "null"),
            broken="q.broken",
        )


def first(cases: list[tuple[str, str]], otherwise: str) -> str:
    """SQL for what belongs to the first test that holds."""
    return (
        f"case {' '.join(f'when {test} then {then}' for test, then in cases)} else {otherwise} end"
    )


def take_goals(flow: Flow) -> None:
    """Met: achieved. Unmet: wait for it, go on, or end, as declared; the latter two count as skipped."""
    for ((_, key),), answered in flow.asking("goal"):
        flow.take(
            f"({answered}) as q inner join step as s on q.node = s.node",
            went="q.broken is null and (q.value_0 or s.unmet <> 'wait')",
            edge="case when q.value_0 then 'achieved' else 'skipped' end",
            left_at=f"case when q.value_0 then greatest(q.arrived_at, coalesce(q.true_at_0, {flow.as_of})) "
            "else q.arrived_at end",
            condition=literal(key),
            inputs="q.inputs_0",
            event_at="q.true_at_0",
            broken="q.broken",
            state="case when q.broken is null then 1 else q.state end",
            due_at=f"case when q.broken is null then {FOREVER} else q.due_at end",
        )
    flow.run(
        f"insert into {t('achievements')} select g.enrollment_no, s.journey, g.contact_id, s.step_id, g.branch, "
        f"coalesce(g.event_at, {flow.as_of}), {flow.as_of} from took as g inner join step as s on g.node = s.node "
        f"where s.kind = 'goal' and g.went and not exists (select 1 from {t('achievements')} as a "
        "where a.enrollment_no = g.enrollment_no and a.goal = s.step_id and a.outcome = 'achieved')"
    )


def take_splits(flow: Flow) -> None:
    """The arm that the contact has, the winner's, or the one its bucket falls into."""
    salted = bucket("d.journey || '|' || d.split || '|' || c.contact_id || '|' || d.salt", 10_000)
    nodes = listed(flow.at("split"))
    flow.run(
        "create or replace temp table drawn as select d.enrollment_no, d.contact_id, d.journey, d.split, d.bucket, "
        "coalesce(k.arm, w.arm, a.arm) as arm, "
        "coalesce(k.propensity, case when w.arm is null then a.propensity else 1.0 end) as propensity, "
        "k.arm is null as is_new from (select c.enrollment_no, c.contact_id, c.node, d.journey, d.split, "
        f"{salted} as bucket from cur as c inner join step_arm as d on c.node = d.node and d.place = 0 "
        f"where c.node in {nodes}) as d "
        f"left join {t('assignments')} as k on d.journey = k.journey and d.split = k.split "
        "and d.contact_id = k.contact_id and k.arm in (select x.arm from step_arm as x where x.node = d.node) "
        f"left join {t('winners')} as w on d.journey = w.journey and d.split = w.split "
        "inner join step_arm as a on d.node = a.node and d.bucket >= a.low and d.bucket < a.high"
    )
    flow.run(
        f"delete from {t('assignments')} as k using drawn as d where d.is_new and k.journey = d.journey "
        "and k.split = d.split and k.contact_id = d.contact_id"
    )
    flow.run(
        f"insert into {t('assignments')} select journey, split, contact_id, min(arm), min(propensity), "
        f"{flow.as_of} from drawn where is_new group by journey, split, contact_id"
    )
    flow.take(
        f"cur as q inner join drawn as d on q.enrollment_no = d.enrollment_no where q.node in {nodes}",
        went="true",
        edge="d.arm",
        inputs="'{\"bucket\": ' || d.bucket || '}'",
        propensity="d.propensity",
    )


def take_ends(flow: Flow) -> None:
    """Over, for the reason that the step gives."""
    flow.take(
        "cur as q inner join step as s on q.node = s.node and s.kind = 'end'",
        went="true",
        edge="'next'",
        branch="s.reason",
    )
