"""How fast planned rows reach an endpoint, beside a bare loop that posts the same bodies to the same endpoint."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import requests

from activations import run
from activations.syncs import Sync
from benchmarks import audience
from benchmarks.measure import Figures, timed
from benchmarks.shop import AS_OF, endpoints, environ, settings
from warehouse.connection import connect

Body = Mapping[str, object]
RATE_SCALE = 100  # no wait for rates, and a job may still take minutes before it counts as lost
KEYS = {
    "/activecampaign": ("Api-Token", "MILLRACE_ACTIVECAMPAIGN_TOKEN", ""),
    "/hubspot": ("Authorization", "MILLRACE_HUBSPOT_TOKEN", "Bearer "),
}


def measure(home: Path, contacts: int, deals: int) -> Figures:
    """Seconds to plan and to deliver both audiences, and to post the same bodies bare; rows and requests."""
    installation = settings(home)
    with connect(installation) as con:
        audience.make_contacts(con, contacts)
        audience.make_deals(con, deals)
    result: Figures = {"rows": contacts + deals}
    for name, sync, rows in (
        ("contacts", audience.CONTACTS, contacts),
        ("deals", audience.DEALS, deals),
    ):
        with endpoints(home / f"{name}.sqlite") as url:
            result |= {f"{name}_{k}": v for k, v in _ours(home, url, sync, rows).items()}
            sent = _recorded(url)
        with endpoints(home / f"{name}_plain.sqlite") as url:
            result[f"{name}_plain_seconds"] = _plain(home, url, sent)
        result[f"{name}_requests"] = len(sent)
    return result


def _ours(home: Path, url: str, sync: Sync, rows: int) -> Figures:
    installation = settings(home)
    with timed() as planning:
        planned = run.plan(installation, sync, AS_OF)
    with timed() as delivering:
        outcome = run.deliver(
            installation, planned.plan_id, environ(home, url, rate_scale=RATE_SCALE)
        )
    with timed() as settling:
        run.settle(installation, AS_OF)
    assert outcome.counts["delivered"] == rows, (outcome.reason, outcome.counts)
    return {
        "plan_seconds": planning.seconds,
        "seconds": delivering.seconds,
        "settle_seconds": settling.seconds,
    }


def _recorded(url: str) -> list[Body]:
    """Every request that the endpoint received, in order."""
    found: list[Body] = []
    while page := requests.get(
        f"{url}/_requests", params={"after": found[-1]["number"] if found else 0}, timeout=60
    ).json():
        found += page
    return found


def _plain(home: Path, url: str, sent: list[Body]) -> float:
    """Post what was posted, one after the other on one connection; reads (looks at a job's state) are left out."""
    known = environ(home, url, rate_scale=RATE_SCALE)
    with requests.Session() as session:
        for prefix, (header, variable, scheme) in KEYS.items():
            if any(str(one["path"]).startswith(prefix) for one in sent):
                session.headers[header] = scheme + known[variable]
        session.headers["Content-Type"] = "application/json"
        with timed() as whole:
            for one in sent:
                if one["method"] != "POST":
                    continue
                answer = session.post(
                    f"{url}{one['path']}", data=str(one["body"]).encode(), timeout=60
                )
                answer.raise_for_status()
    return whole.seconds
