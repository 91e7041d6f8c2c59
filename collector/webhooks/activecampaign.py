"""ActiveCampaign's webhooks: one event as form fields with names like `contact[email]`. ActiveCampaign signs nothing.

A user and password, or a token, in the address keep others out. An answer 410 would end the webhook for good.
"""

from __future__ import annotations

from typing import Any

from collector.received import Received
from collector.signatures import basic

TABLE = "activecampaign/webhooks"
SECRETS = "MILLRACE_WEBHOOK_ACTIVECAMPAIGN_PASSWORD"
verify = basic


def rows(received: Received) -> list[Any]:
    """One event, flat, under the names it was sent with; a name that comes twice becomes a list."""
    row: dict[str, Any] = {}
    for name, value in received.form():
        row[name] = (
            [*row[name], value]
            if isinstance(row.get(name), list)
            else ([row[name], value] if name in row else value)
        )
    return [row]
