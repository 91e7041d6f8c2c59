"""Who enters: the triggers of all journeys, each considered once, decided by re-entry and key."""

from __future__ import annotations

import datetime as dt

from activations.conditions.catalog import Catalog
from activations.conditions.leaf import key_of, property_of
from activations.journeys.definition import (
    BecomesTrigger,
    ChangedTrigger,
    DateTrigger,
    EventTrigger,
    GoalTrigger,
    ScheduleTrigger,
    SegmentTrigger,
)
from activations.journeys.flow import Flow
from activations.journeys.interrupts import changed_by
from activations.journeys.moments import date_moments, schedule_moment
from activations.journeys.news import LATE_DAYS, triggering
from activations.journeys.running import Running
from activations.journeys.tables import t
from warehouse.clock import aware
from warehouse.dialect import add, ident, literal

CANDIDATE = """journey varchar, trigger_no integer, contact_id varchar, trigger_key varchar, occurred_at timestamp,
    entry_key varchar, data varchar, refused varchar"""


def enroll(
    flow: Flow, catalog: Catalog, running: list[Running], changed: frozenset[str] | None
) -> int:
    """Find, decide and enroll; returns how many entered. New enrollments stand at the first step."""
    flow.run(f"create or replace temp table candidate ({CANDIDATE})")
    for one in running:
        if one.is_current:
            _find(flow, catalog, one, changed)
    _requests(flow)
    if not flow.count("select count(*) from candidate"):
        return 0
    flow.run(
        "create or replace temp table considered as select c.* from candidate as c "
        f"where not exists (select 1 from {t('triggered')} as g where g.journey = c.journey "
        "and g.trigger_key = c.trigger_key and g.contact_id is not distinct from c.contact_id) "
        "qualify row_number() over (partition by c.journey, c.trigger_key, c.contact_id "
        "order by c.occurred_at asc nulls last, c.trigger_no asc nulls last) = 1"
    )
    asked = _asked(flow)
    if not asked and not flow.count("select count(*) from considered"):
        return 0
    open_to = [one for one in running if one.is_current and one.journey.journey in asked]
    _ask_only_if(flow, open_to)
    for one in open_to:
        _decide(flow, one)
    flow.run(
        "update considered as k set refused = 'no such contact' where k.refused is null and not exists "
        f"(select 1 from {catalog.contacts.relation} as c where c.contact_id = k.contact_id)"
    )
    flow.run(
        f"insert into {t('triggered')} select journey, trigger_key, contact_id, occurred_at, {flow.as_of}, "
        "coalesce(refused, 'enrolled') from considered"
    )
    return _write(flow, running)


def _asked(flow: Flow) -> frozenset[str]:
    """The journeys that somebody may enter now."""
    rows = flow.con.execute("select distinct journey from considered where refused is null")
    return frozenset(str(journey) for (journey,) in rows.fetchall())


def _find(flow: Flow, catalog: Catalog, one: Running, changed: frozenset[str] | None) -> None:
    for number, trigger in enumerate(one.journey.entry.all_triggers):
        match trigger:
            case EventTrigger():
                _events(flow, catalog, one, number, trigger)
            case SegmentTrigger():
                _segments(flow, catalog, one, number, trigger)
            case BecomesTrigger():
                _becomes(flow, catalog, one, number, trigger, changed)
            case ChangedTrigger():
                _changes(flow, catalog, one, number, trigger, changed)
            case DateTrigger():
                _dates(flow, catalog, one, number, trigger)
            case ScheduleTrigger():
                _schedule(flow, catalog, one, number, trigger)
            case GoalTrigger():
                _goals(flow, one, number, trigger)
            case _:
                pass


def _since(one: Running) -> dt.datetime:
    """What happened before counts as existing."""
    published: dt.datetime = one.control["published_at"]
    if one.journey.entry.existing == "enroll":
        return published - dt.timedelta(seconds=one.journey.entry.lookback.total_seconds)
    return published


def _is_new(one: Running) -> bool:
    return one.control["seen_at"] is None


def _events(flow: Flow, catalog: Catalog, one: Running, number: int, trigger: EventTrigger) -> None:
    assert catalog.events is not None  # noqa: S101 — validation refuses it before
    asked = [
        property_of(catalog.events, n, test, aware(flow.now)) for n, test in trigger.where.items()
    ]
    passes = " and ".join(f"({one_test.test})" for one_test in asked) or "true"
    faults = [one_test.broken for one_test in asked if one_test.broken]
    broken = f"coalesce({', '.join(faults)}, null)" if faults else "cast(null as varchar)"
    key = (
        key_of(catalog.events, one.journey.entry.key)
        if one.journey.entry.key
        else "cast(null as varchar)"
    )
    batch = one.control["batch"] if one.control["batch"] is not None else -1
    weighed = triggering(one.journey.journey, batch, flow.as_of)
    if batch == -1 or not flow.count("select count(*) from tied"):
        weighed = f"e.batch > {batch}"
    flow.run(
        f"insert into candidate select {literal(one.journey.journey)}, {number}, e.contact_id, e.event_id, "
        f"e.occurred_at, {key}, e.properties, 'broken: ' || {broken} from {catalog.events.relation} as e "
        f"where {weighed} and e.event_name = {literal(trigger.event)} and e.contact_id is not null "
        f"and e.occurred_at > {literal(_since(one))} and e.occurred_at <= {flow.as_of} "
        f"and (({passes}) or {broken} is not null)"
    )


def _segments(
    flow: Flow, catalog: Catalog, one: Running, number: int, trigger: SegmentTrigger
) -> None:
    assert catalog.memberships is not None  # noqa: S101 — validation refuses it before
    moment = "m.entered_at" if trigger.change == "entered" else "m.left_at"
    published = literal(one.control["published_at"])
    seen = one.control["seen_at"] or one.control["published_at"]
    fresh = f"{moment} > {published} and {moment} > {literal(seen - dt.timedelta(days=LATE_DAYS))}"
    if _is_new(one) and one.journey.entry.existing == "enroll" and trigger.change == "entered":
        fresh = f"coalesce(m.left_at > {flow.as_of}, true)"
    flow.run(
        f"insert into candidate select {literal(one.journey.journey)}, {number}, m.contact_id, "
        f"{literal(trigger.segment + '|' + trigger.change + '|')} || cast({moment} as varchar), {moment}, "
        "null, null, null "
        f"from {catalog.memberships.relation} as m where m.segment = {literal(trigger.segment)} "
        f"and {moment} <= {flow.as_of} and {fresh}"
    )


def _becomes(
    flow: Flow,
    catalog: Catalog,
    one: Running,
    number: int,
    trigger: BecomesTrigger,
    changed: frozenset[str] | None,
) -> None:
    """An edge: it held for the contact at no earlier tick since it last did not."""
    needs = flow.evaluator.needs(trigger.becomes, one.scope)
    chosen = "true"
    asks_all = _is_new(one) or one.missed or needs.by_time or changed_by(needs, changed)
    if not asks_all:
        names = ", ".join(literal(name) for name in sorted(needs.events)) or "''"
        chosen = (
            f"p.contact_id in (select f.contact_id from fresh as f where f.event_name in ({names}))"
        )
        if not flow.count(f"select count(*) from fresh where event_name in ({names})"):
            return
    flow.run(
        _subjects(
            "weighed", f"{catalog.contacts.relation} as p", "p.contact_id", flow.as_of, chosen
        )
    )
    answer = flow.evaluator.select(trigger.becomes, one.scope, "weighed")
    flow.run(
        "create or replace temp table edge_now as select w.contact_id, v.value, v.true_at "
        f"from ({answer}) as v inner join weighed as w on v.enrollment_no = w.enrollment_no"
    )
    mine = f"k.journey = {literal(one.journey.journey)} and k.trigger_no = {number}"
    is_baseline = _is_new(one) and one.journey.entry.existing == "ignore"
    if not (is_baseline or one.notes_only):
        flow.run(
            f"insert into candidate select {literal(one.journey.journey)}, {number}, n.contact_id, "
            f"'becomes|{number}|' || cast({flow.as_of} as varchar), "
            f"least(coalesce(n.true_at, {flow.as_of}), {flow.as_of}), null, null, null from edge_now as n "
            f"where n.value and not exists (select 1 from {t('truths')} as k where {mine} "
            "and k.contact_id = n.contact_id)"
        )
    flow.run(
        f"delete from {t('truths')} as k where {mine} "
        "and k.contact_id in (select contact_id from edge_now where not value)"
    )
    flow.run(
        f"insert into {t('truths')} select {literal(one.journey.journey)}, {number}, n.contact_id, null "
        f"from edge_now as n where n.value and not exists (select 1 from {t('truths')} as k where {mine} "
        "and k.contact_id = n.contact_id)"
    )


def _subjects(name: str, relation: str, contact: str, moment: str, where: str) -> str:
    """Contacts in the shape in which conditions take enrollments."""
    return (
        f"create or replace temp table {name} as select -row_number() over (order by {contact} asc nulls last) "
        f"as enrollment_no, {contact} as contact_id, cast(null as varchar) as enrollment_id, "
        f"{moment} as entered_at, {moment} as arrived_at, cast(null as varchar) as entry_key "
        f"from {relation} where {where}"
    )


def _changes(
    flow: Flow,
    catalog: Catalog,
    one: Running,
    number: int,
    trigger: ChangedTrigger,
    changed: frozenset[str] | None,
) -> None:
    is_known = changed is not None and catalog.contacts.model not in changed
    if is_known and not _is_new(one) and not one.missed:
        return
    value = f"coalesce(cast(c.{ident(trigger.changed)} as varchar), '')"
    mine = f"k.journey = {literal(one.journey.journey)} and k.trigger_no = {number}"
    if not _is_new(one) and not one.notes_only:
        flow.run(
            f"insert into candidate select {literal(one.journey.journey)}, {number}, c.contact_id, "
            f"'changed|{number}|' || cast({flow.as_of} as varchar), {flow.as_of}, null, "
            f"cast(json_object('was', k.held, 'is', {value}) as varchar), null "
            f"from {catalog.contacts.relation} as c inner join {t('truths')} as k on {mine} "
            f"and k.contact_id = c.contact_id where k.held is distinct from {value}"
        )
    flow.run(f"delete from {t('truths')} as k where {mine}")
    flow.run(
        f"insert into {t('truths')} select {literal(one.journey.journey)}, {number}, c.contact_id, {value} "
        f"from {catalog.contacts.relation} as c"
    )


def _dates(flow: Flow, catalog: Catalog, one: Running, number: int, trigger: DateTrigger) -> None:
    since = one.control["seen_at"] or one.control["published_at"]
    flow.run(
        f"insert into candidate select {literal(one.journey.journey)}, {number}, d.contact_id, "
        f"'date|{number}|' || cast(d.moment as varchar), d.moment, null, null, null from "
        f"({date_moments(catalog, one.journey.zone, trigger, since, flow.now)}) as d"
    )


def _schedule(
    flow: Flow, catalog: Catalog, one: Running, number: int, trigger: ScheduleTrigger
) -> None:
    """The newest time that the schedule came round since the last tick; what was slept through counts once."""
    assert catalog.memberships is not None  # noqa: S101 — validation refuses it before
    since = one.control["seen_at"] or one.control["published_at"]
    newest = schedule_moment(one.journey.zone, trigger, since, flow.now)
    rows = flow.con.execute(newest).fetchall()
    if rows[0][0] is None:
        return
    moment = literal(rows[0][0])
    flow.run(
        f"insert into candidate select {literal(one.journey.journey)}, {number}, m.contact_id, "
        f"'schedule|{number}|' || cast({moment} as varchar), {moment}, null, null, null "
        f"from {catalog.memberships.relation} as m where m.segment = {literal(trigger.segment)} "
        f"and m.entered_at <= {flow.as_of} and coalesce(m.left_at > {flow.as_of}, true)"
    )


def _goals(flow: Flow, one: Running, number: int, trigger: GoalTrigger) -> None:
    since = literal(one.control["seen_at"] or one.control["published_at"])
    flow.run(
        f"insert into candidate select {literal(one.journey.journey)}, {number}, a.contact_id, "
        f"'goal|' || cast(a.enrollment_no as varchar) || '|' || a.goal, a.tick_at, null, null, null "
        f"from {t('achievements')} as a where a.journey = {literal(trigger.journey)} "
        f"and a.goal = {literal(trigger.goal)} and a.outcome = {literal(trigger.outcome)} and a.tick_at >= {since}"
    )


def _requests(flow: Flow) -> None:
    """Wishes written down before this tick, by other journeys or by hand."""
    flow.run(
        "insert into candidate select r.journey, -1, r.contact_id, 'asked|' || r.request_key, r.requested_at, "
        f"null, null, null from {t('requests')} as r where r.wish = 'enter' and r.handled_at is null "
        f"and r.journey in (select journey from {t('control')} where state = 'active')"
    )


def _ask_only_if(flow: Flow, running: list[Running]) -> None:
    for one in running:
        condition = one.journey.entry.only_if
        if condition is None or not one.is_current:
            continue
        mine = f"c.journey = {literal(one.journey.journey)} and c.refused is null"
        source = f"(select distinct contact_id from considered as c where {mine}) as c"
        flow.run(_subjects("weighed", source, "c.contact_id", flow.as_of, "true"))
        if flow.count("select count(*) from weighed"):
            answer = flow.evaluator.select(condition, one.scope, "weighed")
            flow.run(
                "update considered as c set refused = case when v.broken is not null then 'broken: ' || v.broken "
                f"else 'only_if does not hold' end from ({answer}) as v inner join weighed as w "
                f"on v.enrollment_no = w.enrollment_no where {mine} and c.contact_id = w.contact_id "
                "and (not v.value or v.broken is not null)"
            )


def _decide(flow: Flow, one: Running) -> None:
    """Re-entry and key: what a second trigger finds, in this tick or earlier."""
    name, rule = literal(one.journey.journey), one.journey.entry.reentry
    same = "e.contact_id = c.contact_id and e.entry_key is not distinct from c.entry_key"
    inside = f"select 1 from {t('enrollments')} as e where e.journey = {name} and {same}"
    tests: list[tuple[str, str]] = []
    if rule.policy == "once":
        tests.append((f"exists ({inside})", "entered before"))
    if rule.policy == "after_exit":
        tests.append((f"exists ({inside} and e.status = 'active')", "still inside"))
    if rule.policy != "always":
        tests.append(("c.turn > 1", "another trigger in the same tick"))
    cases = " ".join(f"when {test} then {literal(why)}" for test, why in tests)
    if cases:
        flow.run(
            f"create or replace temp table turned as select c.*, row_number() over (partition by c.contact_id, "
            "c.entry_key order by c.occurred_at asc nulls last, c.trigger_key asc nulls last) as turn "
            f"from considered as c where c.journey = {name} and c.refused is null"
        )
        flow.run(
            f"update considered as k set refused = d.why from (select c.contact_id, c.trigger_key, "
            f"case {cases} end as why from turned as c) as d where k.journey = {name} and k.refused is null "
            "and k.contact_id = d.contact_id and k.trigger_key = d.trigger_key and d.why is not null"
        )
    if rule.at_most is not None and rule.per is not None:
        per = rule.per.total_seconds
        flow.run(
            "update considered as k set refused = 'entered often enough' from (select c.contact_id, c.trigger_key, "
            "row_number() over (partition by c.contact_id order by c.occurred_at asc nulls last, "
            f"c.trigger_key asc nulls last) + (select count(*) from {t('enrollments')} as e where e.journey = {name} "
            f"and e.contact_id = c.contact_id and e.entered_at > {add('c.occurred_at', seconds=str(-per))}) as turn "
            f"from considered as c where c.journey = {name} and c.refused is null) as d where k.journey = {name} "
            f"and k.contact_id = d.contact_id and k.trigger_key = d.trigger_key and d.turn > {rule.at_most}"
        )


def _write(flow: Flow, running: list[Running]) -> int:
    starts = [
        f"({literal(one.journey.journey)}, {literal(one.version)}, {one.target(one.graph.start)})"
        for one in running
        if one.is_current
    ]
    flow.run(
        "create or replace temp table entering as select "
        f"(select coalesce(max(enrollment_no), 0) from {t('enrollments')}) + row_number() over ("
        "order by c.journey asc nulls last, c.contact_id asc nulls last, c.trigger_key asc nulls last) "
        "as enrollment_no, "
        "md5(concat_ws('|', c.journey, c.contact_id, c.trigger_key)) as enrollment_id, c.*, s.version, s.node "
        f"from considered as c inner join (values {', '.join(starts)}) as s (journey, version, node) "
        "on c.journey = s.journey where c.refused is null"
    )
    flow.run(
        f"insert into {t('enrollments')} select enrollment_no, enrollment_id, journey, version, contact_id, "
        f"entry_key, trigger_key, data, occurred_at, {flow.as_of}, 'active', null, null from entering"
    )
    flow.run(
        f"insert into {t('positions')} select enrollment_no, contact_id, enrollment_id, occurred_at, entry_key, "
        f"node, 1, 0, occurred_at, occurred_at, null, 0, cast({flow.as_of} as date), null from entering where node <> 0"
    )
    flow.run(
        f"insert into {t('visits')} select n.enrollment_no, n.node, 1 from entering as n "
        "inner join step as s on n.node = s.node where s.repeats"
    )
    return flow.count("select count(*) from entering")
