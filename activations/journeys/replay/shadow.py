"""The copy that journeys are replayed on: what they read, as it was known at the virtual clock, as far as history says.

As it was: events and orders by the time they happened, memberships, tags, messages and deals by their times, attributes
and scores by their history. As today, for nobody kept it: consent and suppressions, the curves by which hours are
chosen, and the contact's other columns.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import duckdb

from activations.conditions.catalog import Catalog, Table
from activations.conditions.language import Happened, Sql, leaves
from activations.journeys.definition import BecomesTrigger, EventTrigger, Journey
from activations.journeys.graph import Graph
from activations.journeys.replay.marks import MESSAGE_TIMES, Marks
from activations.journeys.replay.marks import of as marks_of
from activations.outbox import permission
from activations.outbox.choose_time import CURVES
from warehouse.clock import naive
from warehouse.dialect import ident, literal
from warehouse.relations import has_table

MEMORY = "memory"
# A variable of the session is a constant to whoever plans a query, a row of a table is not.
NOW = "cast(getvariable('replay_now') as timestamp)"
SMALL_ROWS = 1_000_000
STATE = ("journeys", "activations", "raw_activations")


@dataclass
class Shadow:
    """The copy: what journeys may read of it, and since when scores and attributes have a history (None: never)."""

    con: duckdb.DuckDBPyConnection
    catalog: Catalog
    since: Mapping[str, dt.datetime | None]

    marks: Marks
    contacts: str
    """SQL for the contacts as they were."""
    shown: str | None = None
    """The mark of the contacts as they are in `marts.dim_contacts`."""

    def set_clock(self, moment: dt.datetime) -> dict[str, str]:
        """Make the copy what was known at a moment; returns how new each of its models is."""
        self.con.execute(f"set variable replay_now = {literal(naive(moment))}")
        marks = self.marks.read(self.con, moment)
        contacts = marks[self.catalog.contacts.model]
        if self.shown is None or self.shown != contacts:
            self.con.execute(f"create or replace table marts.dim_contacts as {self.contacts}")
            self.shown = contacts
        return marks

    def record(self, marks: Mapping[str, str]) -> None:
        """Tell the next tick how new each model is, as dbt's records of builds do."""
        self.con.execute(
            "create or replace table landing.built as "
            "select unnest(?) as name, unnest(?) as fingerprint",
            [list(marks), list(marks.values())],
        )


def take(
    con: duckdb.DuckDBPyConnection, catalog: Catalog, journeys: Iterable[Journey], *, state: bool
) -> Catalog:
    """Copy into `memory` what the journeys read, with `state` also where everybody stands; its catalog."""
    for schema in ("base", "marts", "scores"):
        con.execute(f"create schema if not exists {ident(MEMORY, schema)}")
    asked = [condition for journey in journeys for condition in conditions(journey)]
    _copy(con, catalog.contacts.relation, "contacts")
    for name, relation in (
        ("history", ident("marts", "dim_contacts_history")),
        ("orders", ident("marts", "fct_orders")),
        ("stages", ident("marts", "fct_deal_stages")),
        ("scores", ident("scores", "history")),
    ):
        if _exists(con, relation):
            _copy(con, relation, name)
    # Who was merged since is one contact from the start.
    contacts = replace(catalog.contacts, relation="marts.dim_contacts")
    found = replace(catalog, contacts=contacts, changes=None, ties=None)
    if catalog.events is not None:
        names = sorted(event_names(journeys, asked)) or [""]
        test = f"event_name in ({', '.join(literal(n) for n in names)}) and contact_id is not null"
        # Whatever happened at one moment is one load: late arrival is not replayed. In order, so that what is new
        # is found at one end.
        con.execute(
            f"create table {ident(MEMORY, 'base', 'events')} as select * replace (epoch_us(occurred_at) as batch) "
            f"from {catalog.events.relation} where {test} order by occurred_at asc nulls last"
        )
        found = replace(found, events=replace(catalog.events, relation="base.events_so_far"))
    for attribute in ("memberships", "tags", "messages", "deals"):
        table: Table | None = getattr(catalog, attribute)
        if table is not None:
            _copy(con, table.relation, attribute)
            copied: dict[str, Any] = {
                attribute: replace(table, relation=f"base.{attribute}_so_far")
            }
            found = replace(found, **copied)
    scores = {}
    for name, table in catalog.scores.items():
        _copy(con, table.relation, f"score_{name}")
        scores[name] = replace(table, relation=f"base.score_{name}_so_far")
    for name in permission.NEEDED:
        if name != "dim_contacts" and _exists(con, ident("marts", name)):
            con.execute(
                f"create table {ident(MEMORY, 'marts', name)} as select * from {ident('marts', name)}"
            )
    # By what hours are chosen, and whether it is to be trusted.
    con.execute(f"create schema if not exists {ident(MEMORY, 'ml')}")
    for learned in (CURVES, ("ml", "monitors")):
        if _exists(con, ident(*learned)):
            con.execute(
                f"create table {ident(MEMORY, *learned)} as select * from {ident(*learned)}"
            )
    readable = _readable(con, catalog, asked)
    if state:
        _state(con)
    return replace(found, scores=scores, readable={**catalog.readable, **readable}, held={})


def conditions(journey: Journey) -> list[object]:
    """Every condition that a journey asks."""
    found: list[object] = [journey.entry.only_if, journey.exit_when]
    found += [goal.when for goal in journey.goals]
    found += [one.becomes for one in journey.entry.all_triggers if isinstance(one, BecomesTrigger)]
    for vertex in Graph(journey).ordered():
        found += [condition for _, condition in vertex.cases]
        found.append(getattr(vertex.body, "still_valid_if", None))
    return [one for one in found if one is not None]


def event_names(journeys: Iterable[Journey], asked: Iterable[object]) -> set[str]:
    """The events that journeys wait for or count."""
    names = {leaf.event for one in asked for leaf in leaves(one) if isinstance(leaf, Happened)}
    for journey in journeys:
        names |= {one.event for one in journey.entry.all_triggers if isinstance(one, EventTrigger)}
    return names


def forget_after(con: duckdb.DuckDBPyConnection, moment: dt.datetime) -> None:
    """Leave out what is dated after a moment, so that nothing new happens from then on."""
    for table, column in (
        ("events", "occurred_at"),
        ("orders", "ordered_at"),
        ("memberships", "entered_at"),
    ):
        if _has(con, table):
            con.execute(f"delete from base.{table} where {column} > ?", [naive(moment)])


def _copy(con: duckdb.DuckDBPyConnection, relation: str, name: str, where: str = "true") -> None:
    con.execute(
        f"create table {ident(MEMORY, 'base', name)} as select * from {relation} where {where}"
    )


def _exists(con: duckdb.DuckDBPyConnection, relation: str) -> bool:
    schema, table = (part.strip('"') for part in relation.split("."))
    return bool(
        con.execute(
            "select 1 from information_schema.tables where table_catalog = current_database() "
            "and table_schema = ? and table_name = ?",
            [schema, table],
        ).fetchall()
    )


def _readable(
    con: duckdb.DuckDBPyConnection, catalog: Catalog, asked: Iterable[object]
) -> dict[str, str]:
    """The models that conditions in SQL read, as they are today."""
    wanted = [leaf.sql for one in asked for leaf in leaves(one) if isinstance(leaf, Sql)]
    found = {}
    for name, relation in catalog.readable.items():
        if any(name in sql for sql in wanted) and name != "dim_contacts":
            _copy(con, relation, f"model_{name}")
            found[name] = f"base.model_{name}"
    return found


def _state(con: duckdb.DuckDBPyConnection) -> None:
    """Where everybody stands and every message that there is."""
    rows = con.execute(
        "select table_schema, table_name from information_schema.tables where table_catalog = current_database() "
        "and table_type = 'BASE TABLE' and (table_schema = 'journeys' "
        "or table_name in ('outbox', 'outbox_decisions', 'choices'))"
    ).fetchall()
    for schema in STATE:
        con.execute(f"create schema if not exists {ident(MEMORY, schema)}")
    for schema, table in rows:
        con.execute(
            f"create table {ident(MEMORY, schema, table)} as select * from {ident(schema, table)}"
        )


def open_shadow(con: duckdb.DuckDBPyConnection, catalog: Catalog) -> Shadow:
    """Put the views of what was known so far over the copy; the warehouse is let go by now."""
    if catalog.events is not None:
        con.execute(
            f"create view base.events_so_far as select * from base.events where occurred_at <= {NOW}"
        )
    if catalog.memberships is not None:
        con.execute(
            "create view base.memberships_so_far as select * replace (case when left_at <= "
            f"{NOW} then left_at end as left_at) from base.memberships where entered_at <= {NOW}"
        )
    if catalog.tags is not None:
        con.execute(
            f"create view base.tags_so_far as select * from base.tags where added_at <= {NOW}"
        )
    if catalog.deals is not None:
        con.execute(f"create view base.deals_so_far as {_deals(con, catalog.deals)}")
    for name, table in catalog.scores.items():
        con.execute(f"create view base.score_{name}_so_far as {_score(con, name, table)}")
    con.execute("create schema if not exists landing")
    # Statements over so little gain nothing from sharing the work, and pay for handing it out.
    rows = con.execute(
        "select coalesce(sum(estimated_size), 0) from duckdb_tables() where schema_name = 'base'"
    ).fetchall()[0][0]
    if rows < SMALL_ROWS:
        con.execute("set threads = 1")
    since = {name: _since(con, name) for name in ("history", "scores", "memberships")}
    return Shadow(con, catalog, since, marks_of(con, catalog), _contacts(con))


def see_messages(con: duckdb.DuckDBPyConnection, catalog: Catalog) -> None:
    """Messages so far, those sent in the replay among them; after the outbox was created."""
    if catalog.messages is None:
        return
    times = ", ".join(
        f"case when {name} <= {NOW} then {name} end as {name}"
        for name in MESSAGE_TIMES
        if name in catalog.messages.columns
    )
    con.execute(
        f"create or replace view base.messages_so_far as select * replace ({times}) from base.messages "
        f"where sent_at <= {NOW} union all by name select message_id as message_key, contact_id, "
        "send_at as sent_at, send_at as delivered_at from activations.outbox "
        f"where state = 'handed_over' and send_at <= {NOW} "
        "and message_id not in (select m.message_key from base.messages as m where m.message_key is not null)"
    )


def _has(con: duckdb.DuckDBPyConnection, table: str) -> bool:
    return has_table(con, "base", table)


def _since(con: duckdb.DuckDBPyConnection, table: str) -> dt.datetime | None:
    if not _has(con, table):
        return None
    column = "entered_at" if table == "memberships" else "valid_from"
    found: dt.datetime | None = con.execute(f"select min({column}) from base.{table}").fetchall()[
        0
    ][0]
    return found


def _contacts(con: duckdb.DuckDBPyConnection) -> str:
    """Contacts that were there, with their attributes and their orders as they were."""
    columns = [str(row[0]) for row in con.execute("describe base.contacts").fetchall()]
    told: dict[str, str] = {}
    joins = ""
    if _has(con, "history"):
        kept = {str(row[0]) for row in con.execute("describe base.history").fetchall()}
        told |= {n: f"h.{ident(n)}" for n in columns if n in kept - {"contact_id"}}
        joins += (
            " left join (select * from base.history qualify row_number() over (partition by contact_id order by "
            f"valid_from <= {NOW} desc nulls last, case when valid_from <= {NOW} then valid_from end desc nulls last, "
            "valid_from asc nulls last) = 1) as h on c.contact_id = h.contact_id"
        )
    if _has(con, "orders"):
        sums = {
            "order_count": "coalesce(o.n, 0)",
            "revenue_cents": "coalesce(o.revenue, 0)",
            "first_ordered_at": "o.first_at",
            "last_ordered_at": "o.last_at",
        }
        told |= {name: sql for name, sql in sums.items() if name in columns}
        joins += (
            " left join (select contact_id, count(*) as n, sum(revenue_cents) as revenue, min(ordered_at) as first_at, "
            f"max(ordered_at) as last_at from base.orders where ordered_at <= {NOW} "
            "and not coalesce(is_cancelled, false) group by contact_id) as o on c.contact_id = o.contact_id"
        )
    chosen = ", ".join(
        f"{told[n]} as {ident(n)}" if n in told else f"c.{ident(n)}" for n in columns
    )
    born = [f"c.{name}" for name in ("created_at", "first_seen_at") if name in columns]
    there = f"coalesce(least({', '.join(born)}) <= {NOW}, true)" if born else "true"
    return f"select {chosen} from base.contacts as c{joins} where {there}"


def _deals(con: duckdb.DuckDBPyConnection, table: Table) -> str:
    """Deals that were there: open until they were closed, in the stage in which they were."""
    if not {"created_at", "closed_at", "status"} <= set(table.columns):
        return "select * from base.deals"
    told = f"case when d.closed_at > {NOW} then 'open' else d.status end as status"
    joins = ""
    if "stage" in table.columns and _has(con, "stages"):
        told += ", coalesce(s.stage, d.stage) as stage"
        joins = (
            " left join (select deal_id, max_by(stage, entered_at) as stage from base.stages "
            f"where entered_at <= {NOW} group by deal_id) as s on d.deal_id = s.deal_id"
        )
    return f"select d.* replace ({told}) from base.deals as d{joins} where d.created_at <= {NOW}"


def _score(con: duckdb.DuckDBPyConnection, name: str, table: Table) -> str:
    """The score as it was; unknown before its history begins."""
    if "score" not in table.columns or not _has(con, "scores"):
        return f"select * from base.score_{name}"
    return (
        f"select t.* replace (cast(h.value as {table.columns['score']}) as score) from base.score_{name} as t "
        f"left join base.scores as h on h.entity_id = t.contact_id and h.score = {literal('score_' + name)} "
        f"and h.valid_from <= {NOW} and coalesce(h.valid_to > {NOW}, true)"
    )
