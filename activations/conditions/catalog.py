"""What conditions may speak of: the contact's columns, events, segments, tags and scores of one installation."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches

import duckdb

from activations.held_scores import held_models
from warehouse.dialect import ident
from warehouse.manifest import Manifest, Model

EVENT_COLUMNS = ("cart_id", "order_id", "product_id", "category", "page_url", "value_cents")


@dataclass(frozen=True)
class Table:
    """A relation by its quoted name, and its columns with their types in lower case."""

    relation: str
    columns: Mapping[str, str] = field(default_factory=dict)
    model: str = ""
    """The dbt model that makes it; its last build tells whether its rows may have changed."""


@dataclass(frozen=True)
class Catalog:
    """The relations behind each kind of condition; None = the installation has none.

    `events` has event_id, contact_id, event_name, occurred_at, batch (grows with every load), properties (JSON text)
    and the columns listed in it. `memberships` has contact_id, segment, entered_at, left_at. `tags` has contact_id,
    tag, added_at. `messages` has message_key (the outbox's message_id), contact_id, channel, campaign and the times.
    """

    contacts: Table
    events: Table | None = None
    memberships: Table | None = None
    tags: Table | None = None
    messages: Table | None = None
    deals: Table | None = None
    changes: Table | None = None
    """Who was merged into whom: previous_contact_id, contact_id, kind, changed_at."""
    ties: Table | None = None
    """Which node (of `events`: the column `node`) became whose with which load: node, contact_id, batch."""
    scores: Mapping[str, Table] = field(default_factory=dict)
    segments: frozenset[str] = frozenset()
    event_names: frozenset[str] = frozenset()
    """Names seen so far; empty = nobody looked, so none is refused."""
    tag_names: frozenset[str] = frozenset()
    readable: Mapping[str, str] = field(default_factory=dict)
    """What the SQL escape hatch may read: model name to relation."""
    models: Mapping[str, str] = field(default_factory=dict)
    """Relation to the model that makes it, for all of `readable`."""
    held: Mapping[str, str] = field(default_factory=dict)
    """Models that read a score whose distribution broke, and why nobody should be moved by them."""


def suggestion(word: str, known: Iterable[str]) -> str:
    """The closest of the known words as a question, or the list of what there is."""
    names = sorted(known)
    close = get_close_matches(word, names, 1, 0.6)
    if close:
        return f"did you mean `{close[0]}`?"
    shown = ", ".join(names[:12]) + (", …" if len(names) > 12 else "")
    return f"there are: {shown or 'none'}"


def from_manifest(con: duckdb.DuckDBPyConnection, manifest: Manifest) -> Catalog:
    """The catalog of an installation: what its models declare, and the event names that its warehouse holds."""
    present = {
        f"{schema}.{table}"
        for schema, table in con.execute(
            "select table_schema, table_name from information_schema.tables"
        ).fetchall()
    }

    def table(name: str) -> Table | None:
        model = manifest.models.get(name)
        if model is None or f"{model.schema}.{model.name}" not in present:
            return None
        return Table(model.relation, _types(con, model), name)

    scores = {
        model.name.removeprefix("score_"): found
        for model in manifest.in_folder("scores")
        if "contact_id" in model.columns and (found := table(model.name)) is not None
    }
    contacts = table("dim_contacts") or Table(ident("marts", "dim_contacts"), {}, "dim_contacts")
    events = table("int_events__of_contacts")
    tags = table("dim_contact_tags")
    memberships = None
    if "segments.membership_history" in present:
        memberships = Table(ident("segments", "membership_history"), {}, "segment_memberships")
    readable = {
        model.name: model.relation
        for folder in ("marts", "scores", "segments")
        for model in manifest.in_folder(folder)
    }
    return Catalog(
        contacts=contacts,
        events=events,
        memberships=memberships,
        tags=tags,
        messages=table("fct_messages"),
        deals=table("dim_deals"),
        changes=table("fct_identity_changes"),
        ties=table("int_identity__changes"),
        scores=scores,
        segments=frozenset(m.name for m in manifest.in_folder("segments") if m.meta.get("segment")),
        event_names=_distinct(con, table("int_events__unioned"), "event_name"),
        tag_names=_distinct(con, tags, "tag") | _distinct(con, table("tag_taxonomy"), "tag"),
        readable=readable,
        models={relation: name for name, relation in readable.items()},
        held=held_models(con, manifest),
    )


def _types(con: duckdb.DuckDBPyConnection, model: Model) -> dict[str, str]:
    rows = con.execute(f"describe {model.relation}").fetchall()
    return {str(row[0]): str(row[1]).lower() for row in rows}


def _distinct(con: duckdb.DuckDBPyConnection, table: Table | None, column: str) -> frozenset[str]:
    if table is None:
        return frozenset()
    rows = con.execute(
        f"select distinct {ident(column)} from {table.relation} where {ident(column)} is not null"
    ).fetchall()
    return frozenset(str(row[0]) for row in rows)
