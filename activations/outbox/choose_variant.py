"""Chooses the variant of messages that have several: by the content model's table where that is asked, else by weight.

A row of `scores.score_content` holds what the model drew for a contact and message, with the chance of every variant.
It counts only while it speaks of exactly the variants that the message has now; until then all have equal chances.
"""

from __future__ import annotations

import json

import duckdb
import pyarrow as pa

from activations.held_scores import broken_of
from activations.outbox.render import choose
from activations.outbox.states import UNSENT, listed
from activations.outbox.template import Message
from warehouse.dialect import literal
from warehouse.relations import has_table

PREDICTIVE = "predictive"
MODEL = "content"
TEXTS = ("message_id", "options", "propensities", "chosen", "policy_version", "reason")
MADE = pa.schema(
    [
        *((name, pa.string()) for name in TEXTS),
        ("propensity", pa.float64()),
        ("is_explore", pa.bool_()),
        ("is_control", pa.bool_()),
    ]
)  # fmt: skip


def fill(con: duckdb.DuckDBPyConnection, messages: dict[str, Message]) -> int:
    """Fill `choosing_made`, one row per message that gets its variant now; returns how many."""
    several = {name: one for name, one in messages.items() if len(one.variants) > 1}
    if not several:
        return 0
    names = ", ".join(literal(name) for name in several)
    columns, join = _learned(con)
    rows = con.execute(f"""
        select o.message_id, o.message, o.source_name, coalesce(o.contact_id, o.address),
            o.variants = {literal(PREDICTIVE)},
            {columns}
        from activations.outbox as o {join}
        where o.state in ({listed(UNSENT)}) and o.variant is null and o.message in ({names})
            and not exists (select 1 from raw_activations.choices as c
                where c.message_id = o.message_id and c.kind = 'variant')
        order by o.message_id nulls last""").fetchall()
    made = [_one(several[row[1]], *row) for row in rows]
    con.register("choosing_in", pa.Table.from_pylist(made, schema=MADE))
    con.execute("""
        create or replace temp table choosing_made as
        select c.*, o.due_at as scheduled_at
        from choosing_in as c join activations.outbox as o on c.message_id = o.message_id""")
    con.unregister("choosing_in")
    return len(made)


def _one(
    message: Message,
    message_id: str,
    _: str,
    source_name: str,
    whose: str,
    is_predictive: bool | None,
    options: str | None,
    propensities: str | None,
    variant: str | None,
    is_explore: bool | None,
    is_control: bool | None,
    version: str | None,
    reason: str | None,
) -> dict[str, object]:
    offered = [one.name for one in message.variants if one.weight]
    if is_predictive and variant and sorted(json.loads(options or "[]")) == sorted(offered):
        chances = dict(
            zip(json.loads(options or "[]"), json.loads(propensities or "[]"), strict=True)
        )
        return _row(
            message_id, list(chances), list(chances.values()), variant, version, reason,
            is_explore=bool(is_explore), is_control=bool(is_control),
        )  # fmt: skip
    if is_predictive:
        message = message.model_copy(
            update={"variants": tuple(one.model_copy(update={"weight": 1.0}) for one in message.variants if one.weight)}
        )  # fmt: skip
    chosen, _chance = choose(message, source_name, whose)
    total = sum(one.weight for one in message.variants)
    kept = [one for one in message.variants if one.weight]
    words = "by weight"
    if is_predictive:
        words = "equal shares: not learned yet" if variant or not reason else reason
    return _row(
        message_id, [one.name for one in kept], [one.weight / total for one in kept],
        chosen.name if chosen else "", None, words, is_explore=True, is_control=False,
    )  # fmt: skip


def _row(
    message_id: str, options: list[str], chances: list[float], chosen: str, version: str | None,
    reason: str | None, *, is_explore: bool, is_control: bool,
) -> dict[str, object]:  # fmt: skip
    return {
        "message_id": message_id,
        "options": json.dumps(options),
        "propensities": json.dumps(chances),
        "chosen": chosen,
        "propensity": chances[options.index(chosen)],
        "is_explore": is_explore,
        "is_control": is_control,
        "policy_version": version,
        "reason": reason,
    }


def _learned(con: duckdb.DuckDBPyConnection) -> tuple[str, str]:
    """The columns of what the model drew, and the join that they need."""
    if broken_of(con, [MODEL]):
        held = "'equal shares: what was learned is held back'"
        return f"null, null, null, null, null, null, {held}", ""
    if not has_table(con, "scores", "score_content"):
        return "null, null, null, null, null, null, null", ""
    return (
        "s.options, s.propensities, s.variant, s.is_explore, s.is_control, s.policy_version, s.reason",
        "left join scores.score_content as s on o.contact_id = s.contact_id and o.message = s.message "
        f"and o.variants = {literal(PREDICTIVE)}",
    )
