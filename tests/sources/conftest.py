"""Two warehouses of what Fivetran lands, each built once for every test of them: the CRMs, and the vendors of e-mail."""

from __future__ import annotations

import pytest

from tests.models.installation import Installation
from tests.sources import esp, hubspot_rows
from tests.sources.landed import land_crms

CRM_MODELS = (
    "dim_accounts", "dim_owners", "dim_deals", "fct_deal_stages", "fct_tasks", "fct_events", "fct_consents",
    "dim_suppressions", "int_tags__unioned", "int_deals__changes_unioned", "fct_timeline", "int_attribution__touches",
)  # fmt: skip
ESP_MODELS = (
    "fct_messages", "fct_message_reactions", "fct_orders", "fct_events", "fct_consents", "dim_contacts",
    "dim_subscriptions", "dim_suppressions", "dim_contact_tags",
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
    home.build(*CRM_MODELS)
    again = hubspot_rows.contact("3", 20, hs_email_optout=True, jobtitle="Boss")
    home.land("fivetran_hubspot.contact", [again])
    home.build("fct_consents")
    return home


@pytest.fixture(scope="session")
def vendors(tmp_path_factory: pytest.TempPathFactory) -> Installation:
    """All rows of `esp`, loaded and built in two runs."""
    home = Installation(tmp_path_factory.mktemp("esp"))
    for rows in (esp.MAILCHIMP, esp.KLAVIYO, esp.ITERABLE):
        for table, values in rows.items():
            home.land(table, values)
    for table, text in esp.FILES.items():
        folder = home.settings.landing / table.replace(".", "/")
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "older.csv").write_text(text, encoding="utf-8")
    home.build(*ESP_MODELS)
    for table, values in esp.LATER.items():
        home.land(table, values)
    home.build(*ESP_MODELS)
    return home
