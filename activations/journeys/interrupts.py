"""Exits and goals: they take whoever is inside from any step, before timers and steps, in the first tick they hold.

Only those are asked for whom the answer can have changed: something new happened to them, they move anyway, a model
that the condition reads was built anew, or time alone can change it.
"""

from __future__ import annotations

from dataclasses import dataclass

from activations.conditions.evaluate import Needs
from activations.conditions.language import AnyOf, Condition, Reacted
from activations.journeys.flow import NAMES, Flow, listed
from activations.journeys.graph import END
from activations.journeys.running import Running, condition_id
from activations.journeys.tables import t
from warehouse.dialect import literal


@dataclass(frozen=True)
class Interrupt:
    """An exit (`goal` empty) or a goal of one version: whom it can take, and where to."""

    running: Running
    condition: Condition
    goal: str
    target: int
    rank: int
    place: int
    from_nodes: tuple[int, ...]


def of(running: list[Running]) -> list[Interrupt]:
    """All of them; among goals a higher rank is further down the way."""
    return [interrupt for one in running for interrupt in _of(one)]


def _of(one: Running) -> list[Interrupt]:
    journey, graph = one.journey, one.graph
    everywhere = tuple(sorted(one.nodes.values()))
    found = []
    exits = [journey.exit_when] if journey.exit_when is not None else []
    if journey.exit_on_unsubscribe:
        exits.append(Reacted(unsubscribed="any", since="entry"))
    if exits:
        condition = exits[0] if len(exits) == 1 else AnyOf(any=tuple(exits))
        found.append(Interrupt(one, condition, "", 0, -1, 0, everywhere))
    declared: list[tuple[str, Condition, str, str]] = [
        (goal.name, goal.when, goal.scope, goal.then) for goal in journey.goals
    ]
    declared += [
        (vertex.id, vertex.body.when, vertex.body.scope, vertex.id)
        for vertex in graph.ordered()
        if vertex.kind == "goal"
    ]
    for place, (name, when, scope, then) in enumerate(declared):
        nodes = everywhere
        if scope == "below" and then != END:
            nodes = tuple(
                sorted(
                    one.nodes[v] for v in graph.vertices if then in graph.reachable(v) and v != then
                )
            )
        rank = 1_000_000 if then == END else graph.vertices[then].ordinal
        found.append(Interrupt(one, when, name, one.target(then), rank, place, nodes))
    return found


def take(flow: Flow, running: list[Running], changed: frozenset[str] | None, first: bool) -> None:
    """Move and end whom exits and goals take; `changed` are the models built since the last tick."""
    flow.run(
        "create or replace temp table taken (enrollment_no bigint, journey varchar, goal varchar, "
        "target bigint, rank integer, place integer, condition varchar, inputs varchar, true_at timestamp)"
    )
    if sum(_ask(flow, interrupt, changed, first) for interrupt in of(running)):
        _carry_out(flow)


def _ask(flow: Flow, interrupt: Interrupt, changed: frozenset[str] | None, first: bool) -> int:
    """Add whom it takes to `taken`; returns how many."""
    scope = interrupt.running.scope
    nodes = interrupt.from_nodes
    needs = flow.evaluator.needs(interrupt.condition, scope)
    who = whom(flow, needs, changed, first or interrupt.running.missed)
    if not nodes or who is None:
        return 0
    watched = f"(select p.* from {t('positions')} as p where p.node in {listed(nodes)} and {who})"
    if not flow.con.execute(f"select 1 from {watched} as p limit 1").fetchall():
        return 0
    answer = flow.evaluator.select(interrupt.condition, scope, watched)
    found = flow.run(
        "create or replace temp table found as select v.enrollment_no, v.true_at, v.inputs, v.broken "
        f"from ({answer}) as v where v.value or v.broken is not null"
    )
    if not found:
        return 0
    key = condition_id(interrupt.condition, scope)
    flow.run(
        "insert into stuck select v.enrollment_no, p.node, v.broken from found as v "
        f"inner join {t('positions')} as p on v.enrollment_no = p.enrollment_no where v.broken is not null"
    )
    return flow.run(
        f"insert into taken select v.enrollment_no, {literal(interrupt.running.journey.journey)}, "
        f"{literal(interrupt.goal)}, {interrupt.target}, {interrupt.rank}, {interrupt.place}, {literal(key)}, "
        "v.inputs, v.true_at from found as v where v.broken is null"
        + (
            f" and not exists (select 1 from {t('achievements')} as a where a.enrollment_no = v.enrollment_no "
            f"and a.goal = {literal(interrupt.goal)} and a.outcome = 'achieved')"
            if interrupt.goal
            else ""
        )
    )


def changed_by(needs: Needs, changed: frozenset[str] | None) -> bool:
    """Whether a model that the condition reads was built since the last tick, or may have been."""
    return bool(needs.models) and (changed is None or bool(needs.models & changed))


def whom(flow: Flow, needs: Needs, changed: frozenset[str] | None, first: bool) -> str | None:
    """The positions `p` for which the answer can be another than at the last tick; None where it is nobody's."""
    if first or needs.by_time or changed_by(needs, changed):
        return "true"
    tests = []
    if flow.here:
        tests.append("p.enrollment_no in (select c.enrollment_no from cur as c)")
    if needs.events & flow.fresh:
        names = ", ".join(literal(name) for name in sorted(needs.events))
        tests.append(
            f"p.contact_id in (select f.contact_id from fresh as f where f.event_name in ({names}))"
        )
    return f"({' or '.join(tests)})" if tests else None


def _carry_out(flow: Flow) -> None:
    """Goals are put on record even where an exit takes the contact in the same tick."""
    flow.run(
        f"insert into {t('achievements')} select x.enrollment_no, x.journey, p.contact_id, x.goal, 'achieved', "
        f"coalesce(x.true_at, {flow.as_of}), {flow.as_of} from taken as x inner join {t('positions')} as p "
        "on x.enrollment_no = p.enrollment_no where x.goal <> '' and not exists (select 1 from taken as y "
        "where y.enrollment_no = x.enrollment_no and y.goal <> '' and (y.rank > x.rank "
        "or (y.rank = x.rank and y.place < x.place)))"
    )
    flow.run(
        "create or replace temp table jumping as select * from taken qualify row_number() over "
        "(partition by enrollment_no order by case when goal = '' then 0 else 1 end asc nulls last, "
        "rank desc nulls last, place asc nulls last) = 1"
    )
    # Whoever has been set aside for a broken value elsewhere still leaves when an exit or a goal says so.
    flow.run("delete from stuck where enrollment_no in (select enrollment_no from jumping)")
    flow.run(
        f"insert into revoked select j.enrollment_no, p.enrollment_id, "
        "case when j.goal = '' then 'left the journey' else 'reached ' || j.goal end "
        f"from jumping as j inner join {t('positions')} as p on j.enrollment_no = p.enrollment_no"
    )
    flow.run(
        "create or replace temp table held as select * from cur "
        "where enrollment_no not in (select enrollment_no from jumping)"
    )
    moment = (
        f"case when j.true_at is null then {flow.as_of} else greatest(j.true_at, q.arrived_at) end"
    )
    flow.take(
        f"{t('positions')} as q inner join jumping as j on q.enrollment_no = j.enrollment_no",
        went="true",
        branch="case when j.goal = '' then 'exit' else 'goal:' || j.goal end",
        left_at=moment,
        condition="j.condition",
        inputs="j.inputs",
        event_at="j.true_at",
        target="j.target",
        goal="j.goal",
    )
    flow.advance()
    flow.run(f"insert into cur select {NAMES} from held")
