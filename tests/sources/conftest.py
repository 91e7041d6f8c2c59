"""One warehouse with the CRMs that Fivetran lands, built once for every test of them."""

from __future__ import annotations

import pytest

from tests.models.installation import Installation
from tests.sources import hubspot_rows
from tests.sources.landed import land_crms

MODELS = (
    "dim_accounts", "dim_owners", "dim_deals", "fct_deal_stages", "fct_tasks", "fct_events", "fct_consents",
    "dim_suppressions", "int_tags__unioned", "int_deals__changes_unioned",
)  # fmt: skip


@pytest.fixture(scope="session")
def crm(tmp_path_factory: pytest.TempPathFactory) -> Installation:
    """HubSpot and Salesforce, loaded and built; then one contact once more with another job title."""
    home = Installation(tmp_path_factory.mktemp("crm"))
    land_crms(home)
    said = {"address": "sfa@example.com", "channel": "email", "purpose": "marketing"}
    home.land(
        "shop.consents",
        [{**said, "status": "opt_in", "method": "form", "occurred_at": hubspot_rows.day(1)}],
    )
    home.build(*MODELS)
    again = hubspot_rows.contact("3", 20, hs_email_optout=True, jobtitle="Boss")
    home.land("fivetran_hubspot.contact", [again])
    home.build("fct_consents")
    return home
