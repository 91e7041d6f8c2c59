"""How fast planned rows reach an endpoint, beside bare loops over the same batches and the same endpoint.

Both end when the endpoint has told of every row. The loop (`plain`) holds the rows as objects in memory, posts them a
batch at a time as `requests` encodes them, and asks for each job's report until it is there; it keeps nothing. The
other one (`bodies`) is a floor below any delivery: it posts bodies that are bytes already, and asks nothing.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import requests

from activations import run
from activations.syncs import Sync
from benchmarks import audience
from benchmarks.measure import Figures, timed
from benchmarks.shop import AS_OF, endpoints, environ, settings
from warehouse.connection import connect

Body = Mapping[str, object]
# No wait for rates, as the loops have none: at 100, five requests a second are 500, which asking for reports exceeds.
# A job may still take a minute before it counts as lost.
RATE_SCALE = 1_000
IMPORTS = "/activecampaign/api/3/import/info"
KEYS = {
    "/activecampaign": ("Api-Token", "MILLRACE_ACTIVECAMPAIGN_TOKEN", ""),
    "/hubspot": ("Authorization", "MILLRACE_HUBSPOT_TOKEN", "Bearer "),
}


def measure(home: Path, contacts: int, deals: int) -> Figures:
    """Seconds to plan and to deliver both audiences, and of the bare loops; rows and requests."""
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
        for loop, post in (("plain", _as_objects), ("bodies", _as_bytes)):
            with endpoints(home / f"{name}_{loop}.sqlite") as url:
                result[f"{name}_{loop}_seconds"] = _bare(home, url, sent, post)
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


Post = Callable[[requests.Session, str, list[Body]], None]


def _bare(home: Path, url: str, sent: list[Body], post: Post) -> float:
    """Seconds of one loop over what was posted, on one connection, one request after the other."""
    known = environ(home, url, rate_scale=RATE_SCALE)
    posts = [one for one in sent if one["method"] == "POST"]
    with requests.Session() as session:
        for prefix, (header, variable, scheme) in KEYS.items():
            if any(str(one["path"]).startswith(prefix) for one in posts):
                session.headers[header] = scheme + known[variable]
        return _timed(post, session, url, posts)


def _timed(post: Post, session: requests.Session, url: str, posts: list[Body]) -> float:
    ready: list[Body] = [{**one, "rows": json.loads(str(one["body"]))} for one in posts]
    with timed() as whole:
        post(session, url, ready)
    return whole.seconds


def _as_objects(session: requests.Session, url: str, posts: list[Body]) -> None:
    jobs: list[str] = []
    for one in posts:
        answer = session.post(f"{url}{one['path']}", json=one["rows"], timeout=60)
        answer.raise_for_status()
        told: Any = answer.json()
        jobs += [f"{url}{IMPORTS}?batchId={told['batchId']}"] if "batchId" in told else []
    for job in jobs:
        while (answer := session.get(job, timeout=60)).json()["status"] != "completed":
            answer.raise_for_status()


def _as_bytes(session: requests.Session, url: str, posts: list[Body]) -> None:
    session.headers["Content-Type"] = "application/json"
    for one in posts:
        session.post(
            f"{url}{one['path']}", data=str(one["body"]).encode(), timeout=60
        ).raise_for_status()
