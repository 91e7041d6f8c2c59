"""Keeps what a look ahead, or a backtest, found as tables of the warehouse, for whoever plans by them or draws them."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Sequence

import duckdb
import pyarrow as pa

from activations.journeys.replay.run import Planned
from activations.journeys.tables import ensure, t
from warehouse.clock import naive
from warehouse.connection import connect, transaction
from warehouse.settings import Settings

TEXTS = ("journey", "step_id", "message", "channel", "contact_id", "state", "reason")
MOMENTS = ("due_at", "send_at", "as_of")
AHEAD = pa.schema(
    [
        *((name, pa.string()) for name in TEXTS),
        *((name, pa.timestamp("us")) for name in MOMENTS),
    ]
)
COUNTED = ("journey", "step_id", "message", "channel", "state", "reason")
BACKTESTS = pa.schema(
    [
        *((name, pa.string()) for name in COUNTED),
        ("day", pa.date32()),
        ("message_count", pa.int64()),
        ("as_of", pa.timestamp("us")),
    ]
)


def keep_ahead(settings: Settings, messages: Sequence[Planned], as_of: dt.datetime) -> int:
    """Replace `journeys.ahead` by these messages, as planned at `as_of`; returns how many there are."""
    rows = [
        {
            "journey": one.journey, "step_id": one.step, "message": one.message, "channel": one.channel,
            "contact_id": one.contact_id, "state": one.state, "reason": one.reason,
            "due_at": _plain(one.due_at), "send_at": _plain(one.send_at), "as_of": naive(as_of),
        }
        for one in messages
    ]  # fmt: skip
    return _replace(settings, "ahead", pa.Table.from_pylist(rows, schema=AHEAD))


def keep_backtest(settings: Settings, messages: Sequence[Planned], as_of: dt.datetime) -> int:
    """Replace `journeys.backtests` by counts of these messages per day of sending (else of being due)."""
    counts = Counter(
        (
            one.journey, one.step, one.message, one.channel, one.state, one.reason,
            (one.send_at or one.due_at).date(),
        )
        for one in messages
    )  # fmt: skip
    rows = [
        {
            **dict(zip((*COUNTED, "day"), group, strict=True)),
            "message_count": n,
            "as_of": naive(as_of),
        }
        for group, n in counts.items()
    ]
    return _replace(settings, "backtests", pa.Table.from_pylist(rows, schema=BACKTESTS))


def _replace(settings: Settings, name: str, table: pa.Table) -> int:
    with connect(settings) as con:
        ensure(con)
        with transaction(con):
            _fill(con, name, table)
    return int(table.num_rows)


def _fill(con: duckdb.DuckDBPyConnection, name: str, table: pa.Table) -> None:
    con.execute(f"delete from {t(name)}")
    con.register("journeys_kept_in", table)
    con.execute(f"insert into {t(name)} by name select * from journeys_kept_in")
    con.unregister("journeys_kept_in")


def _plain(moment: dt.datetime | None) -> dt.datetime | None:
    return moment if moment is None or moment.tzinfo is None else naive(moment)
