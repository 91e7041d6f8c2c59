"""Steps that take time: for a duration, until a clock time, until a date of the contact, until something is true."""

from __future__ import annotations

from activations.conditions.catalog import Catalog
from activations.journeys.flow import FOREVER, NAMES, Flow
from activations.journeys.tables import t
from warehouse.dialect import add, attempt, ident, literal, local_time, utc_time

ZONED = (
    "select c.*, w.* exclude (node), coalesce(z.zone, v.zone, 'UTC') as zone from cur as c "
    "inner join step as s on c.node = s.node and s.kind = 'wait' and s.mode = {mode} "
    "inner join step_wait as w on c.node = w.node "
    "left join contact_zone as z on c.contact_id = z.contact_id left join valid_zone as v on s.zone = v.zone"
)


def take_durations(flow: Flow) -> None:
    """Months and days keep the contact's clock time over a clock change; hours and less are exact."""
    end = _after("arrived_at")
    flow.run(
        "create or replace temp table waiting as "
        f"select *, case when state = 1 then due_at else {end} end as ends_at "
        f"from ({ZONED.format(mode=literal('for'))}) as q"
    )
    _leave_or_stay(flow)


def take_clocks(flow: Flow) -> None:
    """The next such clock time on such a weekday, seen with the offset of that very instant."""
    day = add("date_trunc('day', q.wall)", days="d.n")
    candidate = f"({add(day, seconds='q.minutes * 60')})"
    flow.run(
        "create or replace temp table clocked as select q.enrollment_no, min("
        f"{utc_time(candidate, 'q.zone')}) filter (where {utc_time(candidate, 'q.zone')} "
        f">= {add('q.arrived_at', seconds='-q.inside')} and position(cast(extract(isodow from {candidate}) as varchar) "
        "in q.weekdays) > 0) as ends_at from ("
        f"select *, {local_time('arrived_at', 'zone')} as wall from ({ZONED.format(mode=literal('clock'))}) as r "
        "where state = 0) as q cross join range(-1, 9) as d (n) group by q.enrollment_no"
    )
    flow.run(
        "create or replace temp table waiting as select q.*, "
        "case when q.state = 1 then q.due_at else greatest(k.ends_at, q.arrived_at) end as ends_at "
        f"from ({ZONED.format(mode=literal('clock'))}) as q left join clocked as k on q.enrollment_no = k.enrollment_no"
    )
    _leave_or_stay(flow)


def take_dates(flow: Flow, catalog: Catalog) -> None:
    """A date of the contact, so many days off, at a clock time of theirs; missing and past go where declared."""
    fields = flow.con.execute(
        "select distinct w.field from cur as c inner join step_wait as w on c.node = w.node "
        "inner join step as s on c.node = s.node and s.mode = 'date' order by 1"
    ).fetchall()
    for (name,) in fields:
        _take_date(flow, catalog, str(name))


def _take_date(flow: Flow, catalog: Catalog, name: str) -> None:
    flow.run(
        "create or replace temp table dated as select q.*, "
        f"{local_time('q.arrived_at', 'q.zone')} as wall, "
        f"cast(t.{ident(name)} as varchar) as said, {attempt(f't.{ident(name)}', 'date')} as day "
        f"from ({ZONED.format(mode=literal('date'))} where w.field = {literal(name)}) as q "
        f"left join {catalog.contacts.relation} as t on q.contact_id = t.contact_id"
    )
    broken = flow.count("select count(*) from dated where said is not null and day is null")
    if broken:
        flow.run(
            f"insert into stuck select enrollment_no, node, {literal(name + ' is no date: ')} || substr(said, 1, 40) "
            "from dated where said is not null and day is null"
        )
        flow.run(
            f"insert into parked select {NAMES} from cur where enrollment_no in "
            "(select enrollment_no from dated where said is not null and day is null)"
        )
        flow.run("delete from dated where said is not null and day is null")
    # A year is added to the date itself, so that 29 February comes back every fourth year.
    years = "(extract(year from wall) - extract(year from day))"
    this_year = _shifted(add("cast(day as timestamp)", months=f"12 * {years}"))
    next_year = _shifted(add("cast(day as timestamp)", months=f"12 * ({years} + 1)"))
    last_year = _shifted(add("cast(day as timestamp)", months=f"12 * ({years} - 1)"))
    flow.run(
        "create or replace temp table waiting as select *, case when not yearly "
        f"then {_shifted('cast(day as timestamp)')} "
        f"when {last_year} >= arrived_at then {last_year} "
        f"when {this_year} >= arrived_at then {this_year} else {next_year} end as ends_at from dated"
    )
    flow.run(
        "insert into moved select enrollment_no, node, visit, "
        "case when ends_at is null then case on_missing when 'exit' then 'exit' else 'next' end "
        "else case on_past when 'exit' then 'exit' else 'next' end end, "
        "case when ends_at is null then 'missing' else 'past' end, arrived_at, null, "
        f"{_said(name)}, null, null, null from waiting "
        "where (ends_at is null and on_missing <> 'wait') or (state = 0 and ends_at < arrived_at)"
    )
    flow.run(
        "delete from waiting where (ends_at is null and on_missing <> 'wait') "
        "or (state = 0 and ends_at < arrived_at)"
    )
    flow.run(
        "insert into moved select enrollment_no, node, visit, 'next', 'passed', greatest(ends_at, arrived_at), "
        f"null, {_said(name)}, null, null, null from waiting where ends_at <= {flow.as_of}"
    )
    # A date may be changed or filled while somebody waits: looked at again each day.
    again = f"least(coalesce(ends_at, {FOREVER}), {add(flow.as_of, days='1')})"
    flow.run(
        f"insert into parked select {NAMES} from (select * replace (cast(1 as tinyint) as state, "
        f"{again} as due_at, ends_at as deadline) from waiting "
        f"where ends_at is null or ends_at > {flow.as_of}) as p"
    )


def _shifted(day: str) -> str:
    """A date so many days off at the wait's clock time in the contact's zone, as UTC."""
    return utc_time(add(day, days="offset_days", seconds="minutes * 60"), "zone")


def _said(name: str) -> str:
    return f"cast(json_object({literal(name)}, said) as varchar)"


def take_conditions(flow: Flow) -> None:
    """Event time decides: what happened by the deadline counts if it arrives within the grace; the earliest wins."""
    deadline = f"case when not has_deadline then null when state = 1 then deadline else {_after('arrived_at')} end"
    flow.run(
        "create or replace temp table until as "
        f"select q.* exclude (deadline), {deadline} as deadline from ({ZONED.format(mode=literal('until'))}) as q"
    )
    flow.run(
        "create or replace temp table met as select u.enrollment_no, v.edge, v.condition, v.inputs, v.true_at "
        "from until as u inner join verdict as v on u.enrollment_no = v.enrollment_no and v.value "
        "where u.deadline is null or v.true_at is null or v.true_at <= u.deadline "
        "qualify row_number() over (partition by u.enrollment_no "
        f"order by coalesce(v.true_at, {flow.as_of}) asc nulls last, v.place asc nulls last) = 1"
    )
    flow.run(
        "insert into moved select u.enrollment_no, u.node, u.visit, m.edge, m.edge, "
        f"greatest(u.arrived_at, coalesce(m.true_at, case when u.state = 0 then u.arrived_at else {flow.as_of} end)), "
        "m.condition, m.inputs, null, m.true_at, null "
        "from until as u inner join met as m on u.enrollment_no = m.enrollment_no"
    )
    flow.run("delete from until where enrollment_no in (select enrollment_no from met)")
    up = add("u.deadline", seconds="u.grace")
    flow.run(
        "insert into moved select u.enrollment_no, u.node, u.visit, 'timeout', 'timeout', u.deadline, "
        "v.condition, v.inputs, null, null, null from until as u left join (select enrollment_no, "
        "min(condition) as condition, min(inputs) as inputs from verdict group by enrollment_no) as v "
        f"on u.enrollment_no = v.enrollment_no where {up} <= {flow.as_of}"
    )
    flow.run(
        f"insert into {t('timeouts')} select u.enrollment_no, u.contact_id, u.enrollment_id, u.entered_at, "
        "u.entry_key, u.node, u.visit, u.arrived_at, u.deadline from until as u "
        f"where u.late = 'timer' and {up} <= {flow.as_of}"
    )
    flow.run(
        f"insert into parked select {NAMES} from (select u.* replace (cast(1 as tinyint) as state, "
        f"coalesce({up}, {FOREVER}) as due_at) from until as u "
        f"where u.deadline is null or {up} > {flow.as_of}) as p"
    )


def _after(moment: str) -> str:
    """So long after a moment, in the contact's zone where days or months are asked for."""
    wall = add(local_time(moment, "zone"), months="months", days="days")
    zoned = f"case when months = 0 and days = 0 then {moment} else {utc_time(wall, 'zone')} end"
    return add(f"({zoned})", seconds="seconds")


def _leave_or_stay(flow: Flow) -> None:
    flow.run(
        "insert into moved select enrollment_no, node, visit, 'next', 'passed', greatest(ends_at, arrived_at), "
        f"null, null, null, null, null from waiting where ends_at <= {flow.as_of}"
    )
    flow.run(
        f"insert into parked select {NAMES} from (select * replace (cast(1 as tinyint) as state, "
        f"ends_at as due_at) from waiting where ends_at > {flow.as_of}) as p"
    )
