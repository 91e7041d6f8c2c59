"""Takes cancel requests to the vendor: what it holds for later is called back, what cannot be is put on record."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import duckdb
import pyarrow as pa

from activations.channel import Channel
from activations.connector import Row
from activations.errors import BudgetError, InDoubtError, RefusedError, StopError, UnavailableError
from activations.outbox.states import decide
from warehouse.clock import naive
from warehouse.dialect import literal

CANNOT = "the vendor calls no message back"
GONE = "its time had come"
ANSWER = pa.schema([(name, pa.string()) for name in ("message_id", "decision", "words")])


def requested(con: duckdb.DuckDBPyConnection, channel: str) -> list[dict[str, Any]]:
    """Messages that a vendor has and that somebody wants back: message_id, vendor_id, send_at."""
    found = con.execute(
        "select message_id, vendor_id, send_at from activations.outbox where channel = ? "
        "and state = 'handed_over' and cancel_requested_at is not null order by message_id",
        [channel],
    ).fetchall()
    return [dict(zip(("message_id", "vendor_id", "send_at"), row, strict=True)) for row in found]


def call_back(
    channel: Channel, wanted: Sequence[Mapping[str, Any]], as_of: datetime
) -> list[dict[str, str]]:
    """Ask the vendor for each; returns decisions. What the vendor could not be asked about stays requested."""
    answers = []
    for row in wanted:
        if not channel.connector.can_cancel or row["vendor_id"] is None:
            answers.append(_answer(row, "too_late", CANNOT))
        elif not channel.connector.can_take_back and (
            row["send_at"] is None or row["send_at"] <= naive(as_of)
        ):
            answers.append(_answer(row, "too_late", GONE))
        else:
            told = {"send_at": row["send_at"]}
            asked = Row(0, row["message_id"], "remove", told, vendor_id=row["vendor_id"])
            try:
                outcome = channel.connector.cancel(channel, asked)
            except RefusedError as error:
                answers.append(_answer(row, "too_late", f"{error.code}: {error.message}"))
            except InDoubtError:
                continue
            except (StopError, BudgetError, UnavailableError):
                break
            else:
                decision = "cancelled" if outcome.state == "acked" else "too_late"
                answers.append(
                    _answer(row, decision, outcome.message or "called back at the vendor")
                )
    channel.attempts()
    return answers


def record(
    con: duckdb.DuckDBPyConnection, answers: Sequence[Mapping[str, str]], as_of: datetime
) -> None:
    """Put what the vendor said on record; the reason of whoever cancelled stays in `cancel_reason`."""
    con.register("outbox_answers_in", pa.Table.from_pylist(list(answers), schema=ANSWER))
    con.execute("create or replace temp table outbox_answers as select * from outbox_answers_in")
    con.unregister("outbox_answers_in")
    decide(
        con,
        "select a.message_id, case when a.decision = 'cancelled' then 'cancelled' end as state, a.decision, "
        "a.words as reason, o.send_at, null as facts "
        "from outbox_answers as a join activations.outbox as o on a.message_id = o.message_id",
        as_of,
    )
    con.execute(
        "update activations.outbox as o set cancel_requested_at = null from outbox_answers as a "
        f"where o.message_id = a.message_id and a.decision in ({literal('too_late')}, 'cancelled')"
    )


def _answer(row: Mapping[str, Any], decision: str, words: str) -> dict[str, str]:
    return {"message_id": str(row["message_id"]), "decision": decision, "words": words}
