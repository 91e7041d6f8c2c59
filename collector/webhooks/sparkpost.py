"""SparkPost's webhooks: an array of events, each in its wrapper; an empty wrapper is a ping.

SparkPost signs nothing: a user and password, or a token, in the address keep others out.
"""

from __future__ import annotations

from typing import Any

from collector.received import Received
from collector.signatures import basic
from collector.webhooks import each

TABLE = "sparkpost/events"
SECRETS = "MILLRACE_WEBHOOK_SPARKPOST_PASSWORD"
verify = basic


def rows(received: Received) -> list[Any]:
    """One record each."""
    return [row for row in each(received.json()) if row != {"msys": {}}]
