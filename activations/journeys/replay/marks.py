"""How new each model of the copy is at the virtual clock: what dbt's records of builds say of a living warehouse.

A model's mark is the latest moment so far at which one of its rows came, went or became another. A tick compares the
marks with those of the last one, and asks only what can have another answer.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

import duckdb

from activations.conditions.catalog import Catalog
from warehouse.clock import naive
from warehouse.dialect import ident, literal
from warehouse.internal import columns_of

MESSAGE_TIMES = ("delivered_at", "first_opened_at", "first_clicked_at", "unsubscribed_at")


@dataclass(frozen=True)
class Marks:
    """SQL for the mark of each model, and for those of the segments; the clock is a named parameter `now`."""

    models: Mapping[str, str]
    has_segments: bool

    def read(self, con: duckdb.DuckDBPyConnection, moment: dt.datetime) -> dict[str, str]:
        """The marks at a moment as text, by model; a segment is a model of its own."""
        asked = {"now": naive(moment)}
        told = ", ".join(f"cast({sql} as varchar)" for sql in self.models.values()) or "null"
        found = con.execute(f"select {told}", asked if "$now" in told else {}).fetchall()[0]
        marks = {name: str(mark) for name, mark in zip(self.models, found, strict=False)}
        if self.has_segments:
            rows = con.execute(
                "select segment, cast(max(case when left_at <= $now then left_at else entered_at end) as varchar) "
                "from base.memberships where entered_at <= $now group by segment",
                asked,
            ).fetchall()
            marks |= {str(segment): str(mark) for segment, mark in rows}
        return marks


def of(con: duckdb.DuckDBPyConnection, catalog: Catalog) -> Marks:
    """What there is to read in the copy."""
    there = {table: set(names) for (_, table), names in columns_of(con, {"base"}).items()}
    models = {catalog.contacts.model: _latest(_contacts(there))}
    if catalog.tags is not None:
        models[catalog.tags.model] = _latest([("tags", "added_at")])
    if catalog.deals is not None:
        changes = [
            ("deals", name) for name in ("created_at", "closed_at") if name in there["deals"]
        ]
        models[catalog.deals.model] = _latest([*changes, *_known(there, "stages", "entered_at")])
    for name, table in catalog.scores.items():
        mine = f"score = {literal('score_' + name)}"
        moments = _known(there, "scores", "valid_from", "valid_to")
        models[table.model] = _latest(moments, mine)
    if catalog.messages is not None:
        names = ("sent_at", *MESSAGE_TIMES)
        times = _latest([("messages", name) for name in names if name in there["messages"]])
        # What the replay itself sends bears the moment of the hand-over, which a tick may have seen already.
        ours = "(select count(*) from activations.outbox where state = 'handed_over' and send_at <= $now)"
        models[catalog.messages.model] = f"concat({times}, '|', {ours})"
    return Marks(models, catalog.memberships is not None)


def _contacts(there: Mapping[str, set[str]]) -> list[tuple[str, str]]:
    born = [n for n in ("created_at", "first_seen_at") if n in there["contacts"]]
    return [
        *(("contacts", name) for name in born),
        *_known(there, "history", "valid_from"),
        *_known(there, "orders", "ordered_at"),
    ]


def _known(there: Mapping[str, set[str]], table: str, *columns: str) -> list[tuple[str, str]]:
    return [(table, column) for column in columns if column in there.get(table, ())]


def _latest(moments: list[tuple[str, str]], where: str = "true") -> str:
    parts = [
        f"(select max({column}) from {ident('base', table)} where {column} <= $now and {where})"
        for table, column in moments
    ]
    return f"greatest({', '.join(parts)}, null)" if parts else "''"
