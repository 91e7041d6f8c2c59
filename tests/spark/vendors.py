"""Rows of vendors that the sample shop lacks, as they land: two CRMs and webhooks, so that both engines read them."""

from __future__ import annotations

from pathlib import Path

import duckdb

from tests.models.installation import Installation
from tests.models.webhooks import CASES, as_posted, landing_table
from tests.sources import hubspot_rows, salesforce_rows
from tests.sources.landed import land_crms
from warehouse.dialect import ident, literal


def fill_vendors(con: duckdb.DuckDBPyConnection, folder: Path) -> int:
    """Load them below `folder` and copy each of their raw tables that is empty here; returns how many were filled."""
    home = Installation(folder)
    land_crms(home)
    for source, cases in CASES.items():
        table = f"{source}.{landing_table(source)}"
        home.land(table, as_posted(source, [payload for payload, _ in cases]))
    home.build()
    tables = [
        *(("fivetran_hubspot", table) for table in hubspot_rows.ROWS),
        *(("fivetran_salesforce", table) for table in salesforce_rows.ROWS),
        *((source, landing_table(source)) for source in CASES),
    ]
    con.execute(f"attach {literal(home.settings.database)} as landed (read_only)")
    filled = 0
    for source, table in tables:
        relation = ident(f"raw_{source}", table)
        if con.execute(f"select count(*) from {relation}").fetchall() == [(0,)]:
            copied = ident("landed", f"raw_{source}", table)
            con.execute(f"insert into {relation} by name select * from {copied}")
            filled += 1
    con.execute("detach landed")
    return filled
