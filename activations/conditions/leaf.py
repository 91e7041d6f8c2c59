"""One leaf of a condition as one SELECT: per subject whether it holds, since when, and the value that decided."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sqlglot
from sqlglot import exp

from activations.conditions import comparisons
from activations.conditions.catalog import Catalog, Table
from activations.conditions.language import (
    Comparison,
    Count,
    FieldIs,
    Happened,
    HasDeal,
    HasTag,
    InSegment,
    Leaf,
    Reacted,
    ScoreIs,
    Sql,
    digest,
)
from warehouse.clock import naive
from warehouse.dialect import ident, json_text, literal, nth_least

CONTACT, ENROLLMENT = "contact", "enrollment"
COUNT_SIGNS = {"eq": "=", "gte": ">=", "lte": "<="}
TIMES = {
    "sent": "sent_at",
    "delivered": "delivered_at",
    "opened": "first_opened_at",
    "clicked": "first_clicked_at",
    "unsubscribed": "unsubscribed_at",
}


@dataclass(frozen=True)
class Scope:
    """What a leaf means inside one journey: its name, its key property, and where its messages are."""

    journey: str = ""
    key: str | None = None
    outbox: str = ident("activations", "outbox")


@dataclass(frozen=True)
class LeafSql:
    """`select(subjects)` gives (key columns, value, true_at, input, broken) for a relation of subjects.

    A relation of subjects has contact_id and, for scope `enrollment`, enrollment_no, enrollment_id, entered_at,
    arrived_at and entry_key. `events` and `models` are what can change the answer; `by_time`: so can time alone.
    """

    id: str
    scope: str
    label: str
    sql: str
    events: frozenset[str] = frozenset()
    models: frozenset[str] = frozenset()
    by_time: bool = False

    @property
    def keys(self) -> tuple[str, ...]:
        """The columns that identify a subject."""
        return ("contact_id",) if self.scope == CONTACT else ("enrollment_no", "arrived_at")

    def select(self, subjects: str) -> str:
        """The SELECT over a relation of subjects."""
        return self.sql.replace("{subjects}", subjects)


def compile_leaf(leaf: Leaf, catalog: Catalog, as_of: dt.datetime, scope: Scope) -> LeafSql:
    """The SELECT of a leaf, whose words the catalog is known to hold (see `check`)."""
    match leaf:
        case FieldIs():
            return _column(leaf, leaf.field, catalog.contacts, leaf.field, as_of)
        case ScoreIs():
            name, _, column = leaf.score.partition(".")
            return _column(leaf, leaf.score, catalog.scores[name], column or "score", as_of)
        case HasTag():
            return _tag(leaf, catalog)
        case InSegment():
            return _segment(leaf, catalog, as_of)
        case Happened():
            return _event(leaf, catalog, as_of, scope)
        case Reacted():
            return _reaction(leaf, catalog, as_of, scope)
        case HasDeal():
            return _deal(leaf, catalog, as_of)
        case Sql():
            return _sql(leaf, catalog)


def _finish(leaf: Leaf, scope: str, label: str, sql: str, *context: str, **more: Any) -> LeafSql:
    return LeafSql(digest(leaf, *context), scope, label, sql, **more)


def _column(leaf: Any, label: str, table: Table, column: str, as_of: dt.datetime) -> LeafSql:
    name = f"t.{ident(column)}"
    compared = comparisons.compare(name, table.columns[column], leaf, as_of)
    sql = (
        f"select s.contact_id, ({compared.test}) as value, cast(null as timestamp) as true_at, "
        f"cast({name} as varchar) as input, cast(null as varchar) as broken "
        f"from {{subjects}} as s left join {table.relation} as t on s.contact_id = t.contact_id"
    )
    models = frozenset({table.model})
    return _finish(leaf, CONTACT, label, sql, models=models, by_time=comparisons.is_by_time(leaf))


def _tag(leaf: HasTag, catalog: Catalog) -> LeafSql:
    assert catalog.tags is not None  # noqa: S101 — `check` refuses it before
    sql = (
        "select s.contact_id, t.contact_id is not null as value, t.added_at as true_at, "
        "cast(t.added_at as varchar) as input, cast(null as varchar) as broken "
        f"from {{subjects}} as s left join {catalog.tags.relation} as t "
        f"on s.contact_id = t.contact_id and t.tag = {literal(leaf.tag)}"
    )
    return _finish(leaf, CONTACT, f"tag {leaf.tag}", sql, models=frozenset({catalog.tags.model}))


def _segment(leaf: InSegment, catalog: Catalog, as_of: dt.datetime) -> LeafSql:
    assert catalog.memberships is not None  # noqa: S101 — `check` refuses it before
    now = literal(naive(as_of))
    sql = (
        "select s.contact_id, m.entered_at is not null as value, m.entered_at as true_at, "
        "cast(m.entered_at as varchar) as input, cast(null as varchar) as broken "
        "from {subjects} as s left join (select contact_id, max(entered_at) as entered_at "
        f"from {catalog.memberships.relation} where segment = {literal(leaf.segment)} "
        f"and entered_at <= {now} and coalesce(left_at > {now}, true) group by contact_id) as m "
        "on s.contact_id = m.contact_id"
    )
    models = frozenset({leaf.segment})
    return _finish(leaf, CONTACT, leaf.segment, sql, models=models)


def _event(leaf: Happened, catalog: Catalog, as_of: dt.datetime, scope: Scope) -> LeafSql:
    assert catalog.events is not None  # noqa: S101 — `check` refuses it before
    events = catalog.events
    base = [
        "s.contact_id = e.contact_id",
        f"e.event_name = {literal(leaf.event)}",
        f"e.occurred_at <= {literal(naive(as_of))}",
    ]
    keyed = leaf.same_key and scope.key is not None
    if keyed:
        base.append(f"s.entry_key = {key_of(events, scope.key or '')}")
    asked = [property_of(events, name, test, as_of) for name, test in leaf.where.items()]
    rows = _Rows(
        f"{events.relation} as e",
        "e.occurred_at",
        base,
        [one.test for one in asked],
        [one.broken for one in asked if one.broken],
        keyed,
    )
    context = (scope.key or "",) if keyed else ()
    return _counted(leaf, leaf.event, rows, as_of, *context, events=frozenset({leaf.event}))


def property_of(
    events: Table, name: str, asked: Comparison, as_of: dt.datetime
) -> comparisons.Compared:
    """A property of an event: a column where there is one, else what its JSON says."""
    if name in events.columns:
        return comparisons.compare(f"e.{ident(name)}", events.columns[name], asked, as_of)
    return comparisons.compare_property("e.properties", name, asked, as_of)


def key_of(events: Table, name: str) -> str:
    """The key property of an event as text."""
    if name in events.columns:
        return f"cast(e.{ident(name)} as varchar)"
    return json_text("e.properties", name)


def _reaction(leaf: Reacted, catalog: Catalog, as_of: dt.datetime, scope: Scope) -> LeafSql:
    assert catalog.messages is not None  # noqa: S101 — `check` refuses it before
    moment = f"m.{TIMES[leaf.reaction]}"
    base = [f"{moment} <= {literal(naive(as_of))}"]
    relation = f"{catalog.messages.relation} as m"
    if leaf.of == "any":
        base.append("s.contact_id = m.contact_id")
    else:
        base.append("s.enrollment_id = m.enrollment_id")
        relation = (
            f"(select o.enrollment_id, x.* from {scope.outbox} as o "
            f"inner join {catalog.messages.relation} as x on o.message_id = x.message_key "
            f"where o.source_name = {literal(scope.journey)} and o.step_id = {literal(leaf.of)}) as m"
        )
    rows = _Rows(relation, moment, base, [], [], leaf.of != "any")
    context = () if leaf.of == "any" else (scope.journey,)
    models = frozenset({catalog.messages.model})
    return _counted(leaf, f"{leaf.reaction} {leaf.of}", rows, as_of, *context, models=models)


@dataclass(frozen=True)
class _Rows:
    """Rows to count for a subject: those that match `base`, of which those that pass `where` count."""

    relation: str
    moment: str
    base: list[str]
    where: list[str]
    broken: list[str]
    by_enrollment: bool


def _counted(
    leaf: Happened | Reacted,
    label: str,
    rows: _Rows,
    as_of: dt.datetime,
    *context: str,
    **deps: Any,
) -> LeafSql:
    """How many of the rows each subject has, and when the one that decided happened.

    A row whose property is broken is brought along to be told, and counts for nothing.
    """
    by_enrollment = leaf.since is not None or rows.by_enrollment
    columns = ("enrollment_no", "arrived_at") if by_enrollment else ("contact_id",)
    keys = ", ".join(f"s.{name}" for name in columns)
    base = list(rows.base)
    if leaf.within is not None:
        base.append(f"{rows.moment} > {literal(comparisons.ago(as_of, leaf.within))}")
    if leaf.since is not None:
        base.append(f"{rows.moment} > s.{_SINCE[leaf.since]}")
    passes = " and ".join(f"({test})" for test in rows.where) or "true"
    broken = f"coalesce({', '.join(rows.broken)})" if rows.broken else "cast(null as varchar)"
    source = f"from {{subjects}} as s inner join {rows.relation} on {' and '.join(base)}"
    count = leaf.count
    grows = count.gte is not None and count.lte is None and count.eq is None
    nth = count.gte if grows else None
    decided = nth_least(rows.moment, nth, passes) if nth is not None else "cast(null as timestamp)"
    counted = (
        f"select {keys}, count(*) filter (where {passes}) as n, {decided} as nth_at, max({broken}) as broken "
        f"{source} group by {keys}"
    )
    on = " and ".join(f"s.{name} = c.{name}" for name in columns)
    sql = (
        f"select {keys}, ({_sign(count)}) as value, c.nth_at as true_at, "
        f"cast(coalesce(c.n, 0) as varchar) as input, c.broken "
        f"from {{subjects}} as s left join ({counted}) as c on {on}"
    )
    # What is counted upwards in a window can only turn false with time, and a journey waits for true.
    by_time = leaf.within is not None and not grows
    scope = ENROLLMENT if by_enrollment else CONTACT
    return _finish(leaf, scope, label, sql, *context, by_time=by_time, **deps)


def _sign(count: Count) -> str:
    """The comparison of `c.n` with what is asked."""
    return " and ".join(
        f"coalesce(c.n, 0) {sign} {number}"
        for name, sign in COUNT_SIGNS.items()
        if (number := getattr(count, name)) is not None
    )


_SINCE: Mapping[str, str] = {"entry": "entered_at", "arrival": "arrived_at"}


def _deal(leaf: HasDeal, catalog: Catalog, as_of: dt.datetime) -> LeafSql:
    assert catalog.deals is not None  # noqa: S101 — `check` refuses it before
    tests = [
        comparisons.compare(f"d.{ident(name)}", catalog.deals.columns[name], asked, as_of).test
        for name, asked in leaf.deal.items()
    ] or ["true"]
    sql = (
        f"select s.contact_id, ({_sign(leaf.count)}) as value, cast(null as timestamp) as true_at, "
        "cast(coalesce(c.n, 0) as varchar) as input, cast(null as varchar) as broken "
        f"from {{subjects}} as s left join (select d.contact_id, count(*) as n from {catalog.deals.relation} as d "
        f"where {' and '.join(tests)} group by d.contact_id) as c on s.contact_id = c.contact_id"
    )
    by_time = any(comparisons.is_by_time(asked) for asked in leaf.deal.values())
    models = frozenset({catalog.deals.model})
    return _finish(leaf, CONTACT, "deals", sql, models=models, by_time=by_time)


def _sql(leaf: Sql, catalog: Catalog) -> LeafSql:
    tree = sqlglot.parse_one(leaf.sql, read="duckdb")
    for table in tree.find_all(exp.Table):
        relation = catalog.readable.get(table.name)
        if relation is not None and not table.db:
            alias = table.alias or table.name
            table.replace(exp.alias_(exp.to_table(relation, dialect="duckdb"), alias, table=True))
    names = {table.name for table in sqlglot.parse_one(leaf.sql, read="duckdb").find_all(exp.Table)}
    sql = (
        "select s.contact_id, q.contact_id is not null as value, cast(null as timestamp) as true_at, "
        "cast(q.contact_id is not null as varchar) as input, cast(null as varchar) as broken "
        "from {subjects} as s left join (select distinct contact_id from "
        f"({tree.sql(dialect='duckdb')}) as u) as q on s.contact_id = q.contact_id"
    )
    # What time does to it cannot be seen from outside.
    return _finish(leaf, CONTACT, "sql", sql, models=frozenset(names), by_time=True)
