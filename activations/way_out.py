"""A run's connector, and the way out to its account that nobody else uses meanwhile."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

import requests
from requests.adapters import BaseAdapter

from activations import destinations, leases
from activations.channel import Channel
from activations.connector import Connector, Target
from activations.leases import Lease
from activations.ledger import Ledger
from activations.pace import Timer


@contextmanager
def channel(
    ledger: Ledger,
    lease: Lease,
    connector: Connector,
    timer: Timer,
    adapter: BaseAdapter | None,
    budget_seconds: float,
    priority: int,
) -> Iterator[Channel]:
    """A way out to the connector's account, which nobody else talks to meanwhile."""
    started = timer.monotonic()
    with (
        leases.hold(ledger.engine, connector.account, timer, budget_seconds, priority) as account,
        requests.Session() as session,
    ):
        if adapter := adapter or connector.transport():
            for scheme in {"http", "https", connector.base_url.partition("://")[0].lower()}:
                session.mount(f"{scheme}://", adapter)
        left = budget_seconds - (timer.monotonic() - started)
        held = (lease, account)
        made = Channel(connector, session, timer, left, ledger.engine, held, priority)
        try:
            yield made
        finally:
            made.close()


def connector_of(
    run: Mapping[str, Any], environ: Mapping[str, str], as_of: datetime, timer: Timer
) -> Connector:
    """The connector of a run that is in the ledger."""
    target = json.loads(run["target"])
    for ours in ("budget_seconds", "priority"):
        target.pop(ours, None)
    kind = destinations.connector(run["destination"])
    return kind(environ, Target(**target), now(as_of, timer))


def now(as_of: datetime, timer: Timer) -> Callable[[], datetime]:
    """The moment of decision, moving on while a delivery lasts."""
    started = timer.monotonic()
    return lambda: as_of + timedelta(seconds=timer.monotonic() - started)
