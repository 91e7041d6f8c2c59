"""Steps that take no time: `if`, `split`, `goal` on the way, and `end`."""

from __future__ import annotations

from activations.journeys.flow import FOREVER, NAMES, Flow
from activations.journeys.tables import t
from warehouse.dialect import bucket


def take_ifs(flow: Flow) -> None:
    """The first case that holds, else `else`; with the values of all cases that were looked at."""
    flow.run(
        "insert into moved select c.enrollment_no, c.node, c.visit, coalesce(f.edge, 'else'), "
        "coalesce(f.edge, 'else'), c.arrived_at, coalesce(f.condition, a.condition), a.inputs, null, "
        "f.true_at, null from cur as c inner join step as s on c.node = s.node and s.kind = 'if' "
        "left join (select * from verdict where value qualify row_number() over "
        "(partition by enrollment_no order by place asc nulls last) = 1) as f on c.enrollment_no = f.enrollment_no "
        "left join (select enrollment_no, min(condition) as condition, case when count(*) = 1 then min(inputs) "
        "else '[' || string_agg(inputs, ', ' order by place) || ']' end as inputs from verdict "
        "group by enrollment_no) as a on c.enrollment_no = a.enrollment_no"
    )


def take_goals(flow: Flow) -> None:
    """Met: achieved. Unmet: wait for it, go on, or end, as declared; the latter two count as skipped."""
    flow.run(
        "create or replace temp table at_goal as "
        "select c.*, s.step_id, s.journey, s.unmet, v.value, v.true_at, v.condition, v.inputs "
        "from cur as c inner join step as s on c.node = s.node and s.kind = 'goal' "
        "inner join verdict as v on c.enrollment_no = v.enrollment_no"
    )
    flow.run(
        "insert into moved select enrollment_no, node, visit, case when value then 'achieved' else 'skipped' end, "
        "case when value then 'achieved' else 'skipped' end, "
        f"case when value then greatest(arrived_at, coalesce(true_at, {flow.as_of})) else arrived_at end, "
        "condition, inputs, null, true_at, null from at_goal where value or unmet <> 'wait'"
    )
    flow.run(
        f"insert into {t('achievements')} select enrollment_no, journey, contact_id, step_id, "
        "case when value then 'achieved' else 'skipped' end, "
        f"coalesce(true_at, {flow.as_of}), {flow.as_of} from at_goal as g where (value or unmet <> 'wait') "
        f"and not exists (select 1 from {t('achievements')} as a where a.enrollment_no = g.enrollment_no "
        "and a.goal = g.step_id and a.outcome = 'achieved')"
    )
    flow.run(
        f"insert into parked select {NAMES} from (select * replace (cast(1 as tinyint) as state, "
        f"{FOREVER} as due_at) from at_goal where not value and unmet = 'wait') as p"
    )


def take_splits(flow: Flow) -> None:
    """The arm that the contact has, the winner's, or the one its bucket falls into."""
    salted = bucket("s.journey || '|' || a.split || '|' || c.contact_id || '|' || a.salt", 10_000)
    flow.run(
        "create or replace temp table at_split as "
        f"select c.enrollment_no, c.contact_id, c.node, c.visit, c.arrived_at, s.journey, a.split, "
        f"min({salted}) as bucket from cur as c inner join step as s on c.node = s.node and s.kind = 'split' "
        "inner join step_arm as a on c.node = a.node "
        "group by c.enrollment_no, c.contact_id, c.node, c.visit, c.arrived_at, s.journey, a.split"
    )
    flow.run(
        "create or replace temp table drawn as select d.*, coalesce(k.arm, w.arm, a.arm) as arm, "
        "coalesce(k.propensity, case when w.arm is null then a.propensity else 1.0 end) as propensity, "
        "k.arm is null as is_new from at_split as d "
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
    flow.run(
        "insert into moved select enrollment_no, node, visit, arm, arm, arrived_at, null, "
        "'{\"bucket\": ' || bucket || '}', propensity, null, null from drawn"
    )


def take_ends(flow: Flow) -> None:
    """Over, for the reason that the step gives."""
    flow.run(
        "insert into moved select c.enrollment_no, c.node, c.visit, 'next', s.reason, c.arrived_at, "
        "null, null, null, null, null from cur as c inner join step as s on c.node = s.node and s.kind = 'end'"
    )
