"""Whether a table is there: what reads one that an installation may not have yet asks here first."""

from __future__ import annotations

import duckdb


def has_table(con: duckdb.DuckDBPyConnection, schema: str, name: str) -> bool:
    """Whether the connection's database, or one attached to it, has this table or view."""
    found = con.execute(
        "select 1 from information_schema.tables where table_schema = ? and table_name = ? limit 1",
        [schema, name],
    ).fetchall()
    return bool(found)
