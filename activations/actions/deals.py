"""Deals of journeys: a step makes one, later steps move it; each is one row, folded from all that was asked of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import duckdb

from activations.actions import waiting
from activations.actions.parts import Action
from activations.actions.rules import Way
from activations.journeys.tables import t
from warehouse.dialect import json_text, literal

MOVES = f"coalesce({json_text('a.payload', 'move')}, 'false') = 'true'"
PIPELINE = json_text("a.payload", "pipeline")
NONE = "the contact has no deal of ours in this pipeline to move"
MADE = f"""
    select a.action_id, a.contact_id, a.enrollment_id, a.planned_at, {PIPELINE} as pipeline
    from {t("actions")} as a left join {t("action_states")} as s on a.action_id = s.action_id
    where a.kind = 'deal' and not {MOVES}
        and coalesce(s.state, 'waiting') not in ('expired', 'rejected', 'skipped')"""


def place_deals(
    con: duckdb.DuckDBPyConnection,
    way: Way,
    found: Sequence[Action],
    keys: dict[str, tuple[str, str | None]],
) -> tuple[dict[str, dict[str, Any]], list[tuple[str, str, str]]]:
    """The rows of the deals that `found` makes or moves, by key; and the moves that find none.

    `keys` gets the deal of each move. What a move finds: the deal of the same stay, else the contact's newest of
    journeys in that pipeline. Deals that others made are theirs to move: their rows are syncs of their own.
    """
    moved = dict(
        con.execute(f"""
            select a.action_id, m.action_id from actions_next as a
            inner join ({MADE} and a.destination = {literal(way.place)}) as m on a.contact_id = m.contact_id
                and {PIPELINE} = m.pipeline and m.planned_at <= a.planned_at
            where {MOVES}
            qualify row_number() over (partition by a.action_id
                order by case when m.enrollment_id = a.enrollment_id then 0 else 1 end,
                m.planned_at desc nulls last, m.action_id nulls last) = 1""").fetchall()
    )
    lost = []
    for action in found:
        if not action.body.get("move") or action.action_id not in keys:
            continue
        if action.action_id in moved:
            keys[action.action_id] = (moved[action.action_id], keys[action.action_id][1])
        else:
            lost.append((action.action_id, "skipped", NONE))
            del keys[action.action_id]
    rows: dict[str, dict[str, Any]] = {}
    wanted = {key for key, _ in keys.values()}
    makers = {action.action_id: action for action in found}
    makers |= {
        action.action_id: action for action in _makers(con, way, sorted(wanted - set(makers)))
    }
    for deal in sorted(wanted):
        row = waiting.row(makers[deal], way)
        stage = _stage(con, deal, [name for name, (key, _) in keys.items() if key == deal])
        if "stage" in way.takes.columns and stage is not None:
            row[way.takes.columns["stage"]] = _named(way, stage)
        rows[deal] = row
    return rows, lost


def _named(way: Way, stage: str) -> Any:
    value = way.route.named("stage", stage)
    column = way.takes.columns["stage"]
    return int(value) if column in way.takes.whole and value.isdigit() else value


def _stage(con: duckdb.DuckDBPyConnection, deal: str, moving: Sequence[str]) -> str | None:
    """The stage that was asked for last, of what was delivered and of what is about to be."""
    rows = con.execute(
        f"select {json_text('a.payload', 'stage')} from {t('actions')} as a "
        f"left join {t('action_states')} as s on a.action_id = s.action_id "
        "where a.action_id in (select unnest(?)) or (s.key = ? and s.state = 'delivered' and a.kind = 'deal') "
        "order by a.planned_at desc nulls last, a.action_id desc nulls last limit 1",
        [[*moving, deal], deal],
    ).fetchall()
    return rows[0][0] if rows else None


def _makers(con: duckdb.DuckDBPyConnection, way: Way, deals: Sequence[str]) -> list[Action]:
    """The actions that made deals, with the owners that they have had."""
    con.execute(
        f"create or replace temp table actions_makers as select a.*, s.owner as kept from {t('actions')} as a "
        f"left join {t('action_states')} as s on a.action_id = s.action_id where a.action_id in (select unnest(?))",
        [list(deals)],
    )
    return waiting.known(con, way, "actions_makers")
