"""Steps that take time: for a duration, until a clock time, until a date of the contact, until something is true."""

from __future__ import annotations

from activations.conditions.catalog import Catalog
from activations.journeys.branches import first
from activations.journeys.flow import FOREVER, Flow, listed
from activations.journeys.steps import Wait
from activations.journeys.tables import t
from warehouse.dialect import add, attempt, ident, literal, local_time, utc_time

ZONED = (
    "select c.*, w.* exclude (node), coalesce(z.zone, v.zone, 'UTC') as zone from {source} as c "
    "inner join step as s on c.node = s.node inner join step_wait as w on c.node = w.node "
    "inner join staying as z on c.enrollment_no = z.enrollment_no left join valid_zone as v on s.zone = v.zone"
)
PLAIN = (
    "select c.*, w.* exclude (node) from {source} as c inner join step_wait as w on c.node = w.node"
)


def take_durations(flow: Flow) -> None:
    """Months and days keep the contact's clock time over a clock change; hours and less are exact."""
    for nodes, is_zoned in _by_zone(flow, flow.at("wait_for")):
        asked = _standing(nodes, is_zoned=is_zoned)
        end = f"case when q.state = 1 then q.due_at else {_after('q.arrived_at', is_zoned=is_zoned)} end"
        _leave_or_stay(flow, f"(select q.*, {end} as ends_at from ({asked}) as q) as q")


def _by_zone(flow: Flow, nodes: list[int]) -> list[tuple[list[int], bool]]:
    """Nodes whose waits depend on where the contact lives, and those whose do not."""
    zoned = [node for node in nodes if _is_zoned(flow.steps[node].body)]
    plain = [node for node in nodes if node not in zoned]
    return [(some, is_zoned) for some, is_zoned in ((plain, False), (zoned, True)) if some]


def _is_zoned(body: object) -> bool:
    if not isinstance(body, Wait):
        return True
    length = body.for_ or body.or_after
    return length is None or bool(length.months or length.days)


def _standing(nodes: list[int], *, is_zoned: bool = True, source: str = "cur") -> str:
    """Who stands at these nodes, with what the wait says and where it matters the zone."""
    return f"{(ZONED if is_zoned else PLAIN).format(source=source)} where c.node in {listed(nodes)}"


def take_clocks(flow: Flow) -> None:
    """The next such clock time on such a weekday, seen with the offset of that very instant."""
    asked = _standing(flow.at("wait_clock"))
    day = add("date_trunc('day', q.wall)", days="d.n")
    candidate = f"({add(day, seconds='q.minutes * 60')})"
    flow.run(
        "create or replace temp table clocked as select q.enrollment_no, min("
        f"{utc_time(candidate, 'q.zone')}) filter (where {utc_time(candidate, 'q.zone')} "
        f">= {add('q.arrived_at', seconds='-q.inside')} and position(cast(extract(isodow from {candidate}) as varchar) "
        "in q.weekdays) > 0) as ends_at from ("
        f"select *, {local_time('arrived_at', 'zone')} as wall from ({asked}) as r "
        "where state = 0) as q cross join range(-1, 9) as d (n) group by q.enrollment_no"
    )
    _leave_or_stay(
        flow,
        "(select q.*, case when q.state = 1 then q.due_at else greatest(k.ends_at, q.arrived_at) end as ends_at "
        f"from ({asked}) as q left join clocked as k on q.enrollment_no = k.enrollment_no) as q",
    )


def take_dates(flow: Flow, catalog: Catalog) -> None:
    """A date of the contact, so many days off, at a clock time of theirs; missing and past go where declared."""
    fields: dict[str, list[int]] = {}
    for node in flow.at("wait_date"):
        fields.setdefault(flow.steps[node].body.until.date, []).append(node)
    for name, nodes in sorted(fields.items()):
        _take_date(flow, catalog, name, nodes)


def _take_date(flow: Flow, catalog: Catalog, name: str, nodes: list[int]) -> None:
    flow.run(
        "create or replace temp table dated as select q.*, "
        f"{local_time('q.arrived_at', 'q.zone')} as wall, "
        f"cast(t.{ident(name)} as varchar) as said, {attempt(f't.{ident(name)}', 'date')} as day "
        f"from ({_standing(nodes)}) as q "
        f"left join {catalog.contacts.relation} as t on q.contact_id = t.contact_id"
    )
    broken = "q.said is not null and q.day is null"
    # A year is added to the date itself, so that 29 February comes back every fourth year.
    years = "(extract(year from wall) - extract(year from day))"
    this_year = _shifted(add("cast(day as timestamp)", months=f"12 * {years}"))
    next_year = _shifted(add("cast(day as timestamp)", months=f"12 * ({years} + 1)"))
    last_year = _shifted(add("cast(day as timestamp)", months=f"12 * ({years} - 1)"))
    ends_at = (
        f"case when not yearly then {_shifted('cast(day as timestamp)')} "
        f"when {last_year} >= arrived_at then {last_year} "
        f"when {this_year} >= arrived_at then {this_year} else {next_year} end"
    )
    missing = "q.ends_at is null and q.on_missing <> 'wait'"
    past = "q.state = 0 and q.ends_at < q.arrived_at"
    passed = f"q.ends_at <= {flow.as_of}"
    # A date may be changed or filled while somebody waits: looked at again each day.
    again = f"least(coalesce(q.ends_at, {FOREVER}), {add(flow.as_of, days='1')})"
    declared = first([(missing, "q.on_missing"), (past, "q.on_past")], "null")
    flow.take(
        f"(select *, {ends_at} as ends_at from dated) as q",
        went=f"coalesce(not ({broken}) and (({missing}) or ({past}) or {passed}), false)",
        edge=f"case when {declared} = 'exit' then 'exit' else 'next' end",
        branch=first([(missing, "'missing'"), (past, "'past'")], "'passed'"),
        left_at=first(
            [(missing, "q.arrived_at"), (past, "q.arrived_at")],
            "greatest(q.ends_at, q.arrived_at)",
        ),
        inputs=f"cast(json_object({literal(name)}, q.said) as varchar)",
        state=f"case when {broken} then q.state else 1 end",
        due_at=f"case when {broken} then q.due_at else {again} end",
        deadline=f"case when {broken} then q.deadline else q.ends_at end",
        broken=f"case when {broken} then {literal(name + ' is no date: ')} || substr(q.said, 1, 40) end",
    )


def _shifted(day: str) -> str:
    """A date so many days off at the wait's clock time in the contact's zone, as UTC."""
    return utc_time(add(day, days="offset_days", seconds="minutes * 60"), "zone")


def take_conditions(flow: Flow) -> None:
    """Event time decides: what happened by the deadline counts if it arrives within the grace; the earliest wins."""
    for cases, answered in flow.asking("wait_until"):
        nodes = [node for node in flow.at("wait_until") if flow.steps[node].cases == cases]
        for some, is_zoned in _by_zone(flow, nodes):
            _take_until(
                flow, cases, _standing(some, is_zoned=is_zoned, source=f"({answered})"), is_zoned
            )
    flow.run(
        f"insert into {t('timeouts')} select u.enrollment_no, u.contact_id, y.enrollment_id, y.entered_at, "
        "y.entry_key, u.node, u.visit, u.arrived_at, u.left_at from took as u "
        "inner join step_wait as w on u.node = w.node and w.has_deadline and w.late = 'timer' "
        "inner join staying as y on u.enrollment_no = y.enrollment_no where u.went and u.edge = 'timeout'"
    )


def _take_until(flow: Flow, cases: tuple[tuple[str, str], ...], asked: str, is_zoned: bool) -> None:
    count = range(len(cases))
    ends = (
        "case when not q.has_deadline then null when q.state = 1 then q.deadline "
        f"else {_after('q.arrived_at', is_zoned=is_zoned)} end"
    )
    # The moment at which each case was met, null where it was not, or not in time.
    moments = ", ".join(
        f"case when q.value_{i} and (q.ends_at is null or q.true_at_{i} is null or q.true_at_{i} <= q.ends_at) "
        f"then coalesce(q.true_at_{i}, {flow.as_of}) end as met_{i}"
        for i in count
    )
    met = ", ".join(f"q.met_{i}" for i in count)
    earliest = "q.met_0" if len(cases) == 1 else f"least({met})"
    won = [f"q.met_{i} = q.met_at" for i in count]
    over = f"coalesce({add('q.ends_at', seconds='q.grace')} <= {flow.as_of}, false)"
    edges = [(test, literal(edge)) for test, (edge, _) in zip(won, cases, strict=True)]
    keys = [(test, literal(key)) for test, (_, key) in zip(won, cases, strict=True)]
    inputs = [f"q.inputs_{i}" for i in count]
    since = [(test, f"q.true_at_{i}") for i, test in enumerate(won)]
    seen = f"case when q.state = 0 then q.arrived_at else {flow.as_of} end"
    flow.take(
        f"(select *, {earliest} as met_at from (select *, {moments} from "
        f"(select *, {ends} as ends_at from ({asked}) as q) as q) as q) as q",
        went=f"q.broken is null and (q.met_at is not null or {over})",
        edge=first(edges, "'timeout'"),
        left_at=f"case when q.met_at is null then q.ends_at else greatest(q.arrived_at, "
        f"coalesce({first(since, 'null')}, {seen})) end",
        condition=first(keys, literal(min(key for _, key in cases))),
        inputs=first(
            list(zip(won, inputs, strict=True)),
            inputs[0] if len(cases) == 1 else f"least({', '.join(inputs)})",
        ),
        event_at=first(since, "null"),
        broken="q.broken",
        state="case when q.broken is null then 1 else q.state end",
        due_at=f"case when q.broken is null then coalesce({add('q.ends_at', seconds='q.grace')}, {FOREVER}) "
        "else q.due_at end",
        deadline="case when q.broken is null then q.ends_at else q.deadline end",
    )


def _after(moment: str, *, is_zoned: bool) -> str:
    """So long after a moment, in the contact's zone where days or months are asked for."""
    if not is_zoned:
        return add(moment, seconds="q.seconds")
    wall = add(local_time(moment, "q.zone"), months="q.months", days="q.days")
    return add(f"({utc_time(wall, 'q.zone')})", seconds="q.seconds")


def _leave_or_stay(flow: Flow, source: str) -> None:
    """Go on when `ends_at` is reached."""
    flow.take(
        source,
        went=f"q.ends_at <= {flow.as_of}",
        edge="'next'",
        branch="'passed'",
        left_at="greatest(q.ends_at, q.arrived_at)",
        state="1",
        due_at="q.ends_at",
    )
