"""Events that happened before a deadline and came after its timer had fired: put on record, a week long."""

from __future__ import annotations

from activations.journeys.flow import Flow
from activations.journeys.running import Running
from activations.journeys.tables import t
from warehouse.dialect import add, literal

KEPT_DAYS = 7


def record(flow: Flow, running: list[Running]) -> None:
    """One row of `late_events` per wait whose condition turns out to have held in time."""
    flow.run(
        f"delete from {t('timeouts')} where deadline < {add(flow.as_of, days=str(-KEPT_DAYS))}"
    )
    if not flow.count("select count(*) from fresh"):
        return
    for one in running:
        for vertex in one.graph.ordered():
            if vertex.kind != "wait" or not vertex.cases or "timeout" not in vertex.edges:
                continue
            for _, condition in vertex.cases:
                names = flow.evaluator.needs(condition, one.scope).events
                if names:
                    listed = ", ".join(literal(name) for name in sorted(names))
                    flow.run(
                        f"create or replace temp table missed as select * from {t('timeouts')} "
                        f"where node = {one.nodes[vertex.id]} and contact_id in "
                        f"(select contact_id from fresh where event_name in ({listed}))"
                    )
                    if flow.count("select count(*) from missed"):
                        answer = flow.evaluator.select(condition, one.scope, "missed")
                        _write(flow, answer)


def _write(flow: Flow, answer: str) -> None:
    flow.run(
        f"insert into {t('late_events')} select m.enrollment_no, m.node, m.visit, m.deadline, v.true_at, "
        f"{flow.as_of}, v.inputs from ({answer}) as v inner join missed as m on v.enrollment_no = m.enrollment_no "
        "and v.arrived_at = m.arrived_at where v.value and v.true_at <= m.deadline and not exists ("
        f"select 1 from {t('late_events')} as l where l.enrollment_no = m.enrollment_no and l.node = m.node "
        "and l.visit = m.visit)"
    )
