"""How new each model of the copy is at the virtual clock: what dbt's records of builds say of a living warehouse.

A model's mark is the latest moment so far at which one of its rows came, went or became another. A tick compares the
marks with those of the last one, and asks only what can have another answer.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import duckdb
import numpy as np
import numpy.typing as npt

from activations.conditions.catalog import Catalog
from warehouse.clock import naive
from warehouse.dialect import ident, literal
from warehouse.internal import columns_of

EPOCH, MICROSECOND = dt.datetime.fromisoformat("1970-01-01"), dt.timedelta(microseconds=1)
MESSAGE_TIMES = ("delivered_at", "first_opened_at", "first_clicked_at", "unsubscribed_at")


@dataclass
class Marks:
    """Where the moments of each model are found (SELECTs of one column each), and those of the segments.

    The moments are read once, when the first mark is asked for: the copy changes no more then.
    """

    models: Mapping[str, Sequence[str]]
    has_segments: bool
    messages: str | None = None
    """The model of messages: what the replay itself sends counts with it."""
    _moments: dict[str, npt.NDArray[np.int64]] | None = None

    def read(self, con: duckdb.DuckDBPyConnection, moment: dt.datetime) -> dict[str, str]:
        """The marks at a moment as text, by model; a segment is a model of its own."""
        if self._moments is None:
            self._moments = self._all(con)
        now = (naive(moment) - EPOCH) // MICROSECOND
        marks = {}
        for name, moments in self._moments.items():
            place = int(np.searchsorted(moments, now, side="right"))
            if place or name in self.models:
                marks[name] = _text(int(moments[place - 1])) if place else ""
        if self.messages is not None:
            # These bear the moment of the hand-over, which a tick may have seen already.
            ours = con.execute(
                "select count(*) from activations.outbox where state = 'handed_over' and send_at <= ?",
                [naive(moment)],
            ).fetchall()
            marks[self.messages] += f"|{ours[0][0]}"
        return marks

    def _all(self, con: duckdb.DuckDBPyConnection) -> dict[str, npt.NDArray[np.int64]]:
        found = {name: _moments(con, parts) for name, parts in self.models.items()}
        if self.has_segments:
            rows = con.execute(
                "select distinct segment from base.memberships order by 1"
            ).fetchall()
            for (segment,) in rows:
                mine = f"from base.memberships where segment = {literal(segment)}"
                parts = [f"select entered_at {mine}", f"select left_at {mine}"]
                found[str(segment)] = _moments(con, parts)
        return found


def _moments(con: duckdb.DuckDBPyConnection, parts: Sequence[str]) -> npt.NDArray[np.int64]:
    """All moments in order, as microseconds since 1970."""
    if not parts:
        return np.empty(0, dtype=np.int64)
    rows = con.execute(
        f"select distinct epoch_us(cast(moment as timestamp)) from ({' union all '.join(parts)}) as x (moment) "
        "where moment is not null order by 1"
    ).fetchall()
    return np.array([us for (us,) in rows], dtype=np.int64)


def _text(us: int) -> str:
    return str(EPOCH + us * MICROSECOND)


def of(con: duckdb.DuckDBPyConnection, catalog: Catalog) -> Marks:
    """What there is to read in the copy."""
    there = {table: set(names) for (_, table), names in columns_of(con, {"base"}).items()}
    models = {catalog.contacts.model: _each(_contacts(there))}
    if catalog.tags is not None:
        models[catalog.tags.model] = _each([("tags", "added_at")])
    if catalog.deals is not None:
        changes = [
            ("deals", name) for name in ("created_at", "closed_at") if name in there["deals"]
        ]
        models[catalog.deals.model] = _each([*changes, *_known(there, "stages", "entered_at")])
    for name, table in catalog.scores.items():
        mine = f"score = {literal('score_' + name)}"
        moments = _known(there, "scores", "valid_from", "valid_to")
        models[table.model] = _each(moments, mine)
    if catalog.messages is not None:
        names = ("sent_at", *MESSAGE_TIMES)
        models[catalog.messages.model] = _each(
            [("messages", name) for name in names if name in there["messages"]]
        )
    messages = catalog.messages.model if catalog.messages is not None else None
    return Marks(models, catalog.memberships is not None, messages)


def _contacts(there: Mapping[str, set[str]]) -> list[tuple[str, str]]:
    born = [n for n in ("created_at", "first_seen_at") if n in there["contacts"]]
    return [
        *(("contacts", name) for name in born),
        *_known(there, "history", "valid_from"),
        *_known(there, "orders", "ordered_at"),
    ]


def _known(there: Mapping[str, set[str]], table: str, *columns: str) -> list[tuple[str, str]]:
    return [(table, column) for column in columns if column in there.get(table, ())]


def _each(moments: list[tuple[str, str]], where: str = "true") -> list[str]:
    return [
        f"select {column} from {ident('base', table)} where {where}" for table, column in moments
    ]
