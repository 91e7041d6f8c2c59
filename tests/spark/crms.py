"""Rows of HubSpot and Salesforce as Fivetran lands them, so that both engines read their models too."""

from __future__ import annotations

from pathlib import Path

import duckdb

from tests.models.installation import Installation
from tests.sources import hubspot_rows, salesforce_rows
from tests.sources.landed import land_crms
from warehouse.dialect import ident, literal


def fill_crms(con: duckdb.DuckDBPyConnection, folder: Path) -> int:
    """Load them below `folder` and copy each of their raw tables that is empty here; returns how many were filled."""
    home = Installation(folder)
    land_crms(home)
    home.build()
    con.execute(f"attach {literal(home.settings.database)} as landed (read_only)")
    filled = 0
    for source, rows in (
        ("fivetran_hubspot", hubspot_rows.ROWS), ("fivetran_salesforce", salesforce_rows.ROWS),
    ):  # fmt: skip
        for table in rows:
            relation = ident(f"raw_{source}", table)
            if con.execute(f"select count(*) from {relation}").fetchall() == [(0,)]:
                copied = ident("landed", f"raw_{source}", table)
                con.execute(f"insert into {relation} by name select * from {copied}")
                filled += 1
    con.execute("detach landed")
    return filled
