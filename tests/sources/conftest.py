"""The warehouse that the tests of Mailchimp, Klaviyo and Iterable share: built once, and again after a later load."""

from __future__ import annotations

import pytest

from tests.models.installation import Installation
from tests.sources import esp

MODELS = (
    "fct_messages", "fct_message_reactions", "fct_orders", "fct_events", "fct_consents", "dim_contacts",
    "dim_subscriptions", "dim_suppressions", "dim_contact_tags",
)  # fmt: skip


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
    home.build(*MODELS)
    for table, values in esp.LATER.items():
        home.land(table, values)
    home.build(*MODELS)
    return home
