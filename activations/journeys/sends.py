"""`send`: one message is proposed to the outbox per enrollment, step and visit; what became of it is read back."""

from __future__ import annotations

from activations import outbox
from activations.conditions.catalog import Catalog
from activations.journeys.flow import FOREVER, Flow, listed
from activations.journeys.interrupts import whom
from activations.journeys.running import Running
from activations.journeys.tables import t
from warehouse.clock import aware
from warehouse.dialect import add, ident, json_object, json_text, literal

TABLE = ident("activations", "outbox")
PENDING = (*outbox.UNSENT, "claimed")
PROPOSED = """source varchar, source_name varchar, enrollment_id varchar, step_id varchar, visit integer,
    contact_id varchar, channel varchar, message varchar, purpose varchar, priority integer, value double,
    due_at timestamp, choose_until timestamp, explore double, expires_at timestamp, zone varchar, variants varchar,
    data varchar"""


def start(flow: Flow) -> None:
    """The working table of what this tick proposes."""
    flow.run(f"create or replace temp table proposed ({PROPOSED})")


def take_sends(flow: Flow, catalog: Catalog, running: list[Running]) -> None:
    """Propose; stay until the outbox has decided, unless the step does not wait for that.

    With `at: best_time` the hour is left open: the outbox chooses it, explores, and logs what else was possible.
    """
    nodes = set(flow.at("send"))
    overdue = (
        "coalesce(w.overdue = 'skip' and w.resumed_at is not null "
        f"and {add('q.arrived_at', seconds='w.overdue_after')} < w.resumed_at and q.arrived_at < w.resumed_at, false)"
    )
    new = flow.run(
        "create or replace temp table sending as select q.enrollment_no, q.contact_id, q.visit, q.node, "
        "z.enrollment_id, s.journey, s.step_id, w.channel, w.message, w.purpose, w.priority, w.value, w.expires, "
        "w.variants, coalesce(z.zone, v.zone, 'UTC') as zone, q.arrived_at as send_due, w.explore, "
        f"case when w.best_time then {add('q.arrived_at', seconds='w.within')} end as choose_until from cur as q "
        "inner join step as s on q.node = s.node inner join step_send as w on q.node = w.node "
        "inner join staying as z on q.enrollment_no = z.enrollment_no "
        "left join valid_zone as v on s.zone = v.zone "
        f"where q.state = 0 and q.node in {listed(sorted(nodes))} and not {overdue}"
    )
    for alike, data in _variables(running) if new else ():
        present = sorted(nodes & set(alike))
        if not present:
            continue
        entry = f" inner join {t('enrollments')} as e on q.enrollment_no = e.enrollment_no"
        contact = f" left join {catalog.contacts.relation} as p on q.contact_id = p.contact_id"
        flow.run(
            "insert into proposed select 'journey', q.journey, q.enrollment_id, q.step_id, q.visit, "
            "q.contact_id, q.channel, q.message, q.purpose, q.priority, q.value, q.send_due, q.choose_until, "
            f"q.explore, {add('coalesce(q.choose_until, q.send_due)', seconds='q.expires')}, q.zone, "
            f"case when q.variants = 'predictive' then q.variants end, {data} from sending as q"
            + (entry if "e." in data else "")
            + (contact if "p." in data else "")
            + f" where q.node in {listed(present)}"
        )
    flow.take(
        f"(select q.*, w.waits, {overdue} as is_overdue from cur as q inner join step_send as w on q.node = w.node "
        f"where q.state = 0 and q.node in {listed(sorted(nodes))}) as q",
        went="q.is_overdue or not q.waits",
        edge="'next'",
        branch="case when q.is_overdue then 'skipped:overdue' else 'proposed' end",
        left_at=f"case when q.is_overdue then {flow.as_of} else q.arrived_at end",
        state="2",
        due_at=FOREVER,
    )
    flow.take(
        "cur as q inner join decided as d on q.enrollment_no = d.enrollment_no "
        f"where q.state = 2 and q.node in {listed(sorted(nodes))}",
        went="true",
        edge="'next'",
        branch="d.outcome",
        left_at="greatest(d.decided_at, q.arrived_at)",
        propensity="d.propensity",
    )


def read_decisions(flow: Flow) -> None:
    """`decided`: who waits for a message of which the outbox now knows what became."""
    pending = ", ".join(literal(state) for state in PENDING)
    flow.run(
        "create or replace temp table decided as select p.enrollment_no, "
        "case when o.state in ('handed_over', 'delivered') then 'sent' when o.state = 'in_doubt' then 'unknown' "
        "else o.state || coalesce(':' || o.reason, '') end as outcome, "
        "least(coalesce(case when o.state in ('handed_over', 'delivered') then o.send_at end, o.state_at), "
        f"{flow.as_of}) as decided_at, o.propensity from {t('positions')} as p "
        "inner join step as s on p.node = s.node and s.kind = 'send' "
        f"inner join {TABLE} as o on p.enrollment_id = o.enrollment_id and s.step_id = o.step_id "
        "and p.visit = o.visit and o.source = 'journey' "
        f"and o.planned_at >= (select min(arrived_at) from {t('positions')} where state = 2) "
        f"where p.state = 2 and o.state not in ({pending}) "
        f"and not (o.state = 'handed_over' and coalesce(o.send_at > {flow.as_of}, false))"
    )


def check_validity(
    flow: Flow, running: list[Running], changed: frozenset[str] | None, *, first: bool
) -> None:
    """Messages that are still unsent are asked again whether they are valid; those that are not are cancelled.

    Asked are those for whom the answer can be another than at the last tick, and those who came there in this one.
    """
    for one in running:
        for vertex in one.graph.ordered():
            condition = getattr(vertex.body, "still_valid_if", None)
            if condition is None:
                continue
            node = one.nodes[vertex.id]
            needs = flow.evaluator.needs(condition, one.scope)
            who = whom(flow, needs, changed, first or one.missed) or "false"
            unsure = flow.run(
                "create or replace temp table unsure as select p.* "
                f"from {t('positions')} as p where p.state = 2 and p.node = {node} "
                "and p.enrollment_no not in (select enrollment_no from decided) "
                f"and ({who} or p.enrollment_no in (select k.enrollment_no from parked as k))"
            )
            if unsure:
                answer = flow.evaluator.select(condition, one.scope, "unsure")
                flow.run(
                    "create or replace temp table invalid as select u.enrollment_no, u.enrollment_id, u.visit "
                    f"from unsure as u inner join ({answer}) as v on u.enrollment_no = v.enrollment_no "
                    "where not v.value and v.broken is null"
                )
                ids = (
                    f"select o.message_id from {TABLE} as o inner join invalid as i "
                    "on o.enrollment_id = i.enrollment_id "
                    f"and o.visit = i.visit where o.source = 'journey' and o.step_id = {literal(vertex.id)}"
                )
                outbox.cancel(flow.con, ids, "no longer valid", aware(flow.now))


def propose(flow: Flow) -> int:
    """Hand what this tick proposes to the outbox; what is there already is left as it is."""
    if not flow.count("select count(*) from proposed"):
        return 0
    return outbox.propose(flow.con, "select * from proposed", aware(flow.now))


def revoke(flow: Flow) -> None:
    """Cancel what is unsent of those who left or jumped."""
    reasons = flow.con.execute("select distinct reason from revoked order by 1").fetchall()
    for (reason,) in reasons:
        ids = (
            f"select o.message_id from {TABLE} as o inner join revoked as r on o.enrollment_id = r.enrollment_id "
            f"where o.source = 'journey' and r.reason = {literal(reason)} "
            f"and o.planned_at >= (select min(entered_at) from {t('enrollments')} where enrollment_no in "
            "(select enrollment_no from revoked))"
        )
        outbox.cancel(flow.con, ids, str(reason), aware(flow.now))


def _variables(running: list[Running]) -> list[tuple[list[int], str]]:
    """The sending steps by the JSON that fills their templates, with SQL for it: `e` is the stay, `p` the contact."""
    found: dict[str, list[int]] = {}
    for one in running:
        for vertex in one.graph.ordered():
            if vertex.kind != "send":
                continue
            pairs = []
            for name, origin in vertex.body.variables.items():
                if origin.startswith("entry."):
                    pairs.append((name, json_text("e.data", origin.removeprefix("entry."))))
                else:
                    pairs.append((name, f"p.{ident(origin)}"))
            data = json_object(pairs) if pairs else "'{}'"
            found.setdefault(data, []).append(one.nodes[vertex.id])
    return [(nodes, data) for data, nodes in found.items()]
