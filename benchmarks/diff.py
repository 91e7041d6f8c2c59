"""How fast a sync of a million rows is planned, beside bare full joins: of keys and hashes, and of whole rows."""

from __future__ import annotations

from pathlib import Path

import duckdb

from activations import diff, plan
from benchmarks import audience
from benchmarks.measure import Figures, median_seconds
from benchmarks.shop import AS_OF, settings
from warehouse.connection import connect
from warehouse.dialect import columns, ident

CHANGED_SHARE = 100  # one row in so many changed since it was accepted


def measure(home: Path, rows: int) -> Figures:
    """Seconds to plan `rows` contacts of which one in a hundred changed, to compare them, and of the lower bounds.

    `plain`: the model with a table of accepted keys and hashes, which is what there is to compare with. `columns`: with
    all accepted rows at hand, column by column.
    """
    sync = audience.CONTACTS
    with connect(settings(home)) as con:
        audience.make_contacts(con, rows)
        plan.make(con, sync, AS_OF, "salt", store=False)
        shape, _ = diff.compare(con, sync, AS_OF)
        audience.accept(con, sync, [name for name in shape.columns if name != sync.key])
        con.execute(f"create or replace temp table accepted as select * from {sync.relation}")
        con.execute(
            f"update {sync.relation} set lead_score = lead_score + 1 where hash(email) % {CHANGED_SHARE} = 0"
        )
        _remember(con, sync.relation, shape.columns)
        result: Figures = {
            "plan_seconds": median_seconds(
                lambda: plan.make(con, sync, AS_OF, "salt", store=False)
            ),
            "compare_seconds": median_seconds(lambda: diff.compare(con, sync, AS_OF)),
            "plain_seconds": median_seconds(lambda: _join(con, sync.relation, shape.columns)),
        }
        con.execute("drop table known")
        result["columns_seconds"] = median_seconds(
            lambda: _join_columns(con, sync.relation, shape.columns)
        )
        _, counts = diff.compare(con, sync, AS_OF)
        assert counts["update"] and counts["update"] + counts["unchanged"] == rows, counts
    return result


def _remember(con: duckdb.DuckDBPyConnection, relation: str, names: tuple[str, ...]) -> None:
    con.execute(
        f"create or replace temp table known as "
        f"select email as key, md5(concat_ws('|', {columns(names)})) as hash from {relation}"
    )


def _join(con: duckdb.DuckDBPyConnection, relation: str, names: tuple[str, ...]) -> None:
    con.execute(
        f"create or replace temp table compared as "
        f"select coalesce(d.key, k.key) as key, d.hash is distinct from k.hash as is_changed "
        f"from (select email as key, md5(concat_ws('|', {columns(names)})) as hash from {relation}) as d "
        f"full join known as k on d.key = k.key"
    )


def _join_columns(con: duckdb.DuckDBPyConnection, relation: str, names: tuple[str, ...]) -> None:
    differs = " or ".join(f"d.{ident(n)} is distinct from k.{ident(n)}" for n in names)
    con.execute(
        f"create or replace temp table compared as "
        f"select coalesce(d.email, k.email) as key, {differs} as is_changed "
        f"from {relation} as d full join accepted as k on d.email is not distinct from k.email"
    )
