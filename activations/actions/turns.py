"""Whose turn it is: owners by turns, one for each stay of a contact in a journey, and kept for good."""

from __future__ import annotations

import json

import duckdb

from activations.journeys.tables import t
from warehouse.dialect import ident, json_text, literal
from warehouse.relations import has_table


def assign(con: duckdb.DuckDBPyConnection) -> int:
    """Give every stay that asks for an owner by turns the next one of its list; returns how many were given.

    The order is that of the asking (moment, then enrollment), so that it does not matter how many ticks came before
    one hand-over; a deal and a task of one stay that name the same list get the same owner.
    """
    asked = json_text("a.payload", "owners")
    con.execute(f"""
        create or replace temp table turns_new as
        with asked as (
            select a.journey, {asked} as owners, a.enrollment_id, min(a.planned_at) as asked_at
            from {t("actions")} as a
            where {asked} is not null and {asked} <> '[]'
            group by a.journey, {asked}, a.enrollment_id
        ),
        taken as (
            select journey, owners, max(turn) as turn from {t("turns")} group by journey, owners
        )
        select n.journey, n.owners, n.enrollment_id, n.asked_at,
            coalesce(taken.turn, 0) + row_number() over (
                partition by n.journey, n.owners order by n.asked_at nulls last, n.enrollment_id nulls last
            ) as turn
        from asked as n
        left join {t("turns")} as k on n.journey = k.journey and n.owners = k.owners
            and n.enrollment_id = k.enrollment_id
        left join taken on n.journey = taken.journey and n.owners = taken.owners
        where k.turn is null""")
    for (owners,) in con.execute(
        "select distinct owners from turns_new order by owners"
    ).fetchall():
        names = json.loads(owners)
        whose = " ".join(f"when {place} then {literal(name)}" for place, name in enumerate(names))
        con.execute(
            f"insert into {t('turns')} select journey, owners, enrollment_id, turn, "
            f"case (turn - 1) % {len(names)} {whose} end, asked_at from turns_new where owners = {literal(owners)}"
        )
    return int(con.execute("select count(*) from turns_new").fetchall()[0][0])


def has_deals(con: duckdb.DuckDBPyConnection) -> bool:
    """Whether there are deals to take an owner from."""
    return has_table(con, "marts", "dim_deals")


def contacts_owners(con: duckdb.DuckDBPyConnection) -> str:
    """A query of (contact_id, owner): who has the contact's newest open deal, else the newest of any."""
    if not has_deals(con):
        return (
            "select cast(null as varchar) as contact_id, cast(null as varchar) as owner where false"
        )
    deals = ident("marts", "dim_deals")
    return (
        f"select contact_id, owner_id as owner from {deals} "
        "where owner_id is not null and contact_id is not null qualify row_number() over (partition by contact_id "
        "order by status = 'open' desc, created_at desc nulls last, deal_id nulls last) = 1"
    )
