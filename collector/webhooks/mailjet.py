"""Mailjet's webhooks: an array of events, or one.

Mailjet signs nothing: a user and password, or a token, in the address keep others out.
"""

from __future__ import annotations

from typing import Any

from collector.received import Received
from collector.signatures import basic
from collector.webhooks import each

TABLE = "mailjet/events"
SECRETS = "MILLRACE_WEBHOOK_MAILJET_PASSWORD"
verify = basic


def rows(received: Received) -> list[Any]:
    """One record each."""
    return each(received.json())
