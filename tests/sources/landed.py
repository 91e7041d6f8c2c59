"""The hand-written rows of HubSpot and Salesforce as landing files, for whoever builds models on them."""

from __future__ import annotations

from tests.models.installation import Installation
from tests.sources import hubspot_rows, salesforce_rows


def land_crms(home: Installation) -> None:
    """Put the hand-written rows of both into landing files."""
    for table, rows in hubspot_rows.ROWS.items():
        home.land(f"fivetran_hubspot.{table}", rows)
    for table, rows in salesforce_rows.ROWS.items():
        home.land(f"fivetran_salesforce.{table}", rows)
    folder = home.settings.landing / "fivetran_salesforce" / "opportunity"
    (folder / "older.csv").write_text(salesforce_rows.OPPORTUNITIES_CSV, encoding="utf-8")
