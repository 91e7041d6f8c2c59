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
    for table, text in (
        ("fivetran_hubspot/contact", hubspot_rows.CONTACTS_CSV),
        ("fivetran_salesforce/opportunity", salesforce_rows.OPPORTUNITIES_CSV),
    ):
        (home.settings.landing / table / "spelt.csv").write_text(text, encoding="utf-8")
