"""When triggers that go by the clock are due: dates of contacts, and schedules, as SQL between two moments."""

from __future__ import annotations

import datetime as dt

from activations.conditions.catalog import Catalog
from activations.conditions.durations import minutes_of
from activations.journeys.definition import DateTrigger, ScheduleTrigger
from activations.journeys.steps import UntilClock
from warehouse.dialect import add, attempt, ident, literal, local_time, utc_time


def date_moments(
    catalog: Catalog, zone: str | None, trigger: DateTrigger, since: dt.datetime, now: dt.datetime
) -> str:
    """A SELECT of (contact_id, moment): whose moment lies after `since` and not after `now` (both naive UTC).

    With `yearly`, that of this year or the one beside it.
    """
    day = attempt(f"c.{ident(trigger.date)}", "date")
    whose = f"coalesce(z.zone, {literal(zone or 'UTC')})"
    years = (
        f"(extract(year from {literal(now)}) - extract(year from {day}) + y.n)"
        if trigger.yearly
        else "0"
    )
    wall = add(
        add(f"cast({day} as timestamp)", months=f"12 * {years}" if trigger.yearly else "0"),
        days=str(trigger.days),
        seconds=str(minutes_of(trigger.time) * 60),
    )
    spread = "range(-1, 2) as y (n)" if trigger.yearly else "range(0, 1) as y (n)"
    return (
        "select d.contact_id, d.moment from ("
        f"select c.contact_id, {utc_time(wall, whose)} as moment from {catalog.contacts.relation} as c "
        f"inner join contact_zone as z on c.contact_id = z.contact_id cross join {spread} "
        f"where {day} is not null) as d where d.moment > {literal(since)} and d.moment <= {literal(now)}"
    )


def schedule_moment(
    zone: str | None, trigger: ScheduleTrigger, since: dt.datetime, now: dt.datetime
) -> str:
    """A SELECT of the newest time that a schedule came round after `since` and not after `now` (both naive UTC)."""
    days = None if trigger.schedule == "daily" else trigger.schedule
    clock = UntilClock(time=trigger.time, weekday=days)
    whose = literal(zone or "UTC")
    allowed = ", ".join(str(day) for day in clock.weekdays)
    wall = add(
        f"date_trunc('day', {local_time(literal(now), whose)})",
        days="-d.n",
        seconds=str(minutes_of(trigger.time) * 60),
    )
    return (
        f"select max(moment) as moment from (select {utc_time(wall, whose)} as moment, "
        f"extract(isodow from {wall}) as day from range(0, 15) as d (n)) as x "
        f"where day in ({allowed}) and moment > {literal(since)} and moment <= {literal(now)}"
    )
