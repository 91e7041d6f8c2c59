"""What waits on one way: open actions with what is known about their contacts, and the rows that they make."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

import duckdb
import pyarrow as pa

from activations import destinations
from activations.actions import parts, turns
from activations.actions.book import OPEN
from activations.actions.parts import Action, NeverError, NotYetError
from activations.actions.rules import MOVE, UPDATES, Way
from activations.journeys.tables import t
from warehouse.dialect import ident, json_text, literal

CONTACT_OBJECTS = ("contact", "person")
OPENED = ", ".join(literal(state) for state in OPEN)
MOVES = f"coalesce({json_text('a.payload', 'move')}, 'false') = 'true'"
NUMBERS = {"amount": pa.float64()}


def test_of(way: Way) -> str:
    """SQL that tells a way's actions, in terms of `journeys.actions` as `a`."""
    stored = way.kind if way.kind not in UPDATES.values() else "update"
    stored = "deal" if way.kind == MOVE else stored
    test = f"a.destination = {literal(way.place)} and a.kind = {literal(stored)}"
    if stored == "update":
        said = [name for name, kind in UPDATES.items() if kind == way.kind]
        test += (
            f" and coalesce({', '.join(json_text('a.payload', name) for name in said)}) is not null"
        )
    if way.kind == MOVE:
        test += f" and {MOVES}"
    if way.field:
        test += f" and {json_text('a.payload', 'field')} = {literal(way.field)}"
    return test


def is_open() -> str:
    """SQL: nothing final is known of action `a`, whose state is `s`."""
    return f"coalesce(s.state, 'waiting') in ({OPENED})"


def actions(
    con: duckdb.DuckDBPyConnection, way: Way, most: int, after: tuple[datetime, str] | None
) -> list[Action]:
    """Up to `most` open actions of a way, in the order in which they were asked, those after a place in it."""
    since = "true"
    if after is not None:
        at, name = literal(after[0]), literal(after[1])
        since = f"(a.planned_at > {at} or (a.planned_at = {at} and a.action_id > {name}))"
    con.execute(f"""
        create or replace temp table actions_next as
        select a.*, s.owner as kept from {t("actions")} as a
        left join {t("action_states")} as s on a.action_id = s.action_id
        where {test_of(way)} and {is_open()} and {since}
        order by a.planned_at nulls last, a.action_id nulls last limit {most}""")
    return known(con, way, "actions_next")


def known(con: duckdb.DuckDBPyConnection, way: Way, relation: str) -> list[Action]:
    """The actions of a relation (as `journeys.actions`, and `kept`: the owner they have had) with their contacts."""
    found = con.execute(f"""
        select a.action_id, a.journey, a.step_id, coalesce(e.contact_id, a.contact_id), a.kind, a.payload,
            a.planned_at, c, e.data, coalesce(a.kept, u.owner), o.owner, v.vendor_id
        from {relation} as a
        left join {t("enrollments")} as e on a.enrollment_id = e.enrollment_id and a.journey = e.journey
        left join marts.dim_contacts as c on coalesce(e.contact_id, a.contact_id) = c.contact_id
        left join {t("turns")} as u on a.journey = u.journey and a.enrollment_id = u.enrollment_id
            and {json_text("a.payload", "owners")} = u.owners
        left join ({turns.contacts_owners(con)}) as o on c.contact_id = o.contact_id
        left join ({vendor_contacts(way)}) as v on v.key in (lower(c.contact_id), lower(c.email))
        qualify row_number() over (
            partition by a.action_id order by v.acknowledged_at desc nulls last, v.vendor_id nulls last
        ) = 1
        order by a.planned_at nulls last, a.action_id nulls last""").fetchall()
    made = []
    for (
        name,
        journey,
        step,
        contact,
        kind,
        payload,
        at,
        person,
        data,
        kept,
        theirs,
        vendor,
    ) in found:
        body = json.loads(payload or "{}")
        owner = parts.owner_of(body, kept, kept or theirs)
        entry = json.loads(data or "{}")
        made.append(
            Action(
                name, journey, step, contact, kind, body, at, _there(person), entry, owner, vendor
            )
        )
    return made


def _there(person: Mapping[str, Any] | None) -> Mapping[str, Any]:
    """A contact's row; nothing where the join found none."""
    return person if person and person.get("contact_id") else {}


def vendor_contacts(way: Way) -> str:
    """A query of (key, vendor_id, acknowledged_at): the ids under which the account knows contacts, from receipts."""
    kind = destinations.connector(way.route.to)
    family = kind.shares or kind.name
    objects = ", ".join(literal(name) for name in CONTACT_OBJECTS)
    return (
        "select a.key, a.vendor_id, a.acknowledged_at from activations.acknowledged as a "
        "where a.vendor_id is not null and a.sync in (select p.sync from activations.plans as p "
        f"where p.destination = {literal(family)} and p.object in ({objects}))"
    )


def with_tags(con: duckdb.DuckDBPyConnection, way: Way, found: Sequence[Action]) -> list[Action]:
    """Each action of a tag with all tags that journeys want on its contact: the newest wish for each decides."""
    added = json_text("a.payload", "add_tag")
    rows = con.execute(f"""
        with wishes as (
            select a.contact_id, coalesce({added}, {json_text("a.payload", "remove_tag")}) as tag,
                {added} is not null as is_on, a.planned_at, a.action_id
            from {t("actions")} as a left join {t("action_states")} as s on a.action_id = s.action_id
            where {test_of(way)} and coalesce(s.state, '') not in ('expired', 'rejected', 'skipped')
                and a.contact_id in (select contact_id from actions_next)
        )
        select contact_id, tag from wishes
        qualify row_number() over (
            partition by contact_id, tag order by planned_at desc nulls last, action_id desc nulls last
        ) = 1 and is_on
        order by contact_id nulls last, tag nulls last""").fetchall()
    tags: dict[str, list[str]] = {}
    for contact, tag in rows:
        tags.setdefault(contact, []).append(tag)
    return [replace(one, tags=",".join(tags.get(one.contact_id, []))) for one in found]


def row(action: Action, way: Way) -> dict[str, Any]:
    """The row that an action is at its destination. Raises NotYetError or NeverError."""
    if not action.contact:
        raise NeverError("there is no such contact any more")
    known = parts.of(action, way)
    for part in (*way.takes.needs, *(["email"] if way.takes.key == "email" else [])):
        if known.get(part) in (None, ""):
            raise NotYetError(_missing(part, way))
    columns = dict(way.takes.columns)
    if way.field:
        columns[way.field] = way.field
    made: dict[str, Any] = {"contact_id": action.contact_id, way.takes.key: key(action, way)}
    for part, column in columns.items():
        value = known.get(part)
        if column in way.takes.whole and value is not None:
            if not str(value).lstrip("-").isdigit():
                words = f"{value!r} is no number, as {way.route.to} wants for {part}; name it under names.{part}"
                raise NotYetError(words)
            value = int(value)
        made[column] = value
    return {**made, **way.takes.constants, **way.route.constants}


def key(action: Action, way: Way) -> str:
    """By what the destination knows the row; an action of its own, unless it changes a contact."""
    if way.takes.key == "email":
        return str(action.contact["email"])
    return action.contact_id if way.kind == "contact" else action.action_id


def table(rows: Sequence[Mapping[str, Any]], way: Way) -> pa.Table:
    """Rows as the relation of the sync, its columns there even where there is no row."""
    columns = dict.fromkeys(("contact_id", way.takes.key, *way.takes.columns.values()))
    columns |= dict.fromkeys([way.field] if way.field else [])
    columns |= dict.fromkeys((*way.takes.constants, *way.route.constants))
    numbers = {way.takes.columns[part] for part in NUMBERS if part in way.takes.columns}
    types = [
        (
            name,
            pa.int64()
            if name in way.takes.whole
            else pa.float64()
            if name in numbers
            else pa.string(),
        )
        for name in columns
    ]
    return pa.Table.from_pylist([dict(one) for one in rows], schema=pa.schema(types))


def _missing(part: str, way: Way) -> str:
    if part == "contact":
        return f"{way.route.to} has told no id of this contact yet"
    if part == "currency":
        return f"no currency; add places.{way.place}.{way.kind}.currency to models/journeys/_actions.yml"
    return f"the contact has no {part}" if part == "email" else f"{part} is empty"


def temp(way: Way) -> str:
    """The quoted name of the sync's relation."""
    return ident(f"{way.name}_ready")
