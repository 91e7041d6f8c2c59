"""Deals of journeys: a step makes one, later steps move it; each is one row, folded from all that was asked of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import duckdb

from activations import destinations
from activations.actions import waiting
from activations.actions.parts import Action
from activations.actions.rules import MOVE, Way
from activations.actions.waiting import MOVES
from activations.journeys.tables import t
from warehouse.dialect import ident, json_text, literal
from warehouse.internal import columns_of

PIPELINE = json_text("a.payload", "pipeline")
NONE = "the contact has no deal of ours, and no open deal of the CRM, in this pipeline to move"
MADE = f"""
    select a.action_id, a.contact_id, a.enrollment_id, a.planned_at, {PIPELINE} as pipeline
    from {t("actions")} as a left join {t("action_states")} as s on a.action_id = s.action_id
    where a.kind = 'deal' and not {MOVES}
        and coalesce(s.state, 'waiting') not in ('expired', 'rejected', 'skipped')"""


def split(
    con: duckdb.DuckDBPyConnection, way: Way, found: Sequence[Action]
) -> tuple[list[Action], dict[str, str]]:
    """The actions of `found` that go this way, and the CRM's deals that moves among them are of, by the vendor's id.

    A deal that no journey made is moved where the vendor knows it by its own id: the contact's open one in that
    pipeline (by our name or the destination's), of several the most recently created. What a move found once stays.
    """
    theirs = _theirs(con, way)
    if way.kind == MOVE:
        return [one for one in found if one.action_id in theirs], theirs
    return [one for one in found if one.action_id not in theirs], {}


def _theirs(con: duckdb.DuckDBPyConnection, way: Way) -> dict[str, str]:
    kind = destinations.connector(way.route.to)
    needed = {"deal_id", "contact_id", "source_system", "pipeline", "status", "created_at"}
    if MOVE not in kind.takes or not needed <= set(
        columns_of(con, {"marts"}).get(("marts", "dim_deals"), ())
    ):
        return {}
    family = kind.shares or kind.name
    names = way.route.names.get("pipeline", {}).items()
    whens = " ".join(f"when {literal(ours)} then {literal(theirs)}" for ours, theirs in names)
    named = f"case {PIPELINE} {whens} end" if whens else "cast(null as varchar)"
    rows = con.execute(f"""
        select a.action_id, coalesce(s.key, substr(d.deal_id, {len(family) + 2})) as number
        from actions_next as a
        left join {t("enrollments")} as e on a.enrollment_id = e.enrollment_id and a.journey = e.journey
        left join {t("action_states")} as s on a.action_id = s.action_id and s.sync = {literal(way.named(MOVE))}
        left join {ident("marts", "dim_deals")} as d on coalesce(e.contact_id, a.contact_id) = d.contact_id
            and d.status = 'open' and d.source_system = {literal(family)}
            and d.deal_id like {literal(family + ":%")}
            and lower(d.pipeline) in (lower({PIPELINE}), lower({named}))
        where {MOVES} and (s.key is not null or d.deal_id is not null) and not exists (
            select 1 from ({MADE} and a.destination = {literal(way.place)}) as m
            where m.contact_id = a.contact_id and m.pipeline = {PIPELINE} and m.planned_at <= a.planned_at)
        qualify row_number() over (
            partition by a.action_id order by d.created_at desc nulls last, d.deal_id nulls last
        ) = 1""").fetchall()
    return {str(name): str(number) for name, number in rows}


def place_moves(
    con: duckdb.DuckDBPyConnection,
    way: Way,
    found: Sequence[Action],
    theirs: Mapping[str, str],
    made: Mapping[str, Mapping[str, Any]],
    keys: dict[str, tuple[str, str | None]],
) -> dict[str, dict[str, Any]]:
    """The rows (`made`, by action) that move deals of the CRM, by the vendor's id; the last asked for counts.

    People move these deals too, so a stage that was delivered once is delivered again when it is asked for again.
    """
    rows = {}
    for action in found:
        if action.action_id in keys:
            number = theirs[action.action_id]
            rows[number] = {**made[action.action_id.lower()], way.takes.key: number}
            keys[action.action_id] = (number, None)
    mine = f"sync = {literal(way.name)}"
    planned = con.execute(f"select action_id from {t('action_states')} where {mine}").fetchall()
    known = {name for (name,) in planned}
    asked = {number for name, number in theirs.items() if name not in known}
    con.execute(
        f"delete from activations.acknowledged where {mine} and key in (select unnest(?))",
        [sorted(asked & rows.keys())],
    )
    return rows


def place_deals(
    con: duckdb.DuckDBPyConnection,
    way: Way,
    found: Sequence[Action],
    keys: dict[str, tuple[str, str | None]],
) -> tuple[dict[str, dict[str, Any]], list[tuple[str, str, str]]]:
    """The rows of the deals that `found` makes or moves, by key; and the moves that find none.

    `keys` gets the deal of each move. What a move finds: the deal of the same stay, else the contact's newest of
    journeys in that pipeline. Deals that others made go a way of their own, see `split`.
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
