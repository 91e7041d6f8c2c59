"""A run in which one row in a hundred is another: ours beside drt-core's, each a new process, on the same endpoint."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import requests

from activations import diff, plan
from benchmarks import audience, rival
from benchmarks.measure import Figures, timed
from benchmarks.shop import AS_OF, MOST_MEMORY, endpoints, environ, settings
from warehouse.connection import connect
from warehouse.settings import ROOT

SHARE = 100
RATE_SCALE = 100
TOKEN = "MILLRACE_HUBSPOT_TOKEN"


def prepare(home: Path, rows: int) -> int:
    """An installation in which so many deals were accepted and one in `SHARE` changed since; how many those are."""
    sync = audience.DEALS
    with connect(settings(home)) as con:
        audience.make_deals(con, rows)
        plan.make(con, sync, AS_OF, "salt", store=False)
        shape, _ = diff.compare(con, sync, AS_OF)
        audience.accept(con, sync, [name for name in shape.columns if name != sync.key])
        con.execute(
            f"update {sync.relation} set amount = amount + 1 where hash(deal_id) % {SHARE} = 0"
        )
        changed = con.execute(
            f"select count(*) from {sync.relation} where hash(deal_id) % {SHARE} = 0"
        ).fetchall()
    return int(changed[0][0])


def ours(home: Path, changed: int) -> Figures:
    """Seconds of the run, and its requests."""
    with endpoints(home / "ours.sqlite") as url:
        command = [sys.executable, "-m", "benchmarks.one_run"]
        env = {"MILLRACE_MEMORY_LIMIT": MOST_MEMORY, **os.environ}
        env |= environ(home, url, rate_scale=RATE_SCALE)
        with timed() as whole:
            done = subprocess.run(
                command, cwd=ROOT, env=env, capture_output=True, text=True, check=True
            )
        counts = json.loads(done.stdout)
        if counts["delivered"] != changed:
            raise RuntimeError(f"{changed} deals changed, but {counts}")
        sent = [one for one in _all(url) if one["method"] == "POST"]
    return {"seconds": whole.seconds, "requests": len(sent)}


def theirs(home: Path, rows: int, mode: str) -> Figures:
    """Seconds of the run after the change; before it, everything was sent once where the mode remembers that."""
    token = environ(home, "")[TOKEN]
    with endpoints(home / f"{mode}.sqlite") as url:
        project = home / f"drt-{mode}"
        rival.prepare(project, url, token, rows, mode)
        if mode == "cursor":
            rival.run(project)
        before = len(_all(url))
        rival.change(project, SHARE)
        seconds = rival.run(project)["seconds"]
        sent = _all(url)[before:]
    if not sent or any(one["status"] != 200 for one in sent):
        raise RuntimeError(f"drt, {mode}: {len(sent)} requests, not all taken")
    return {"seconds": seconds, "requests": len(sent)}


def _all(url: str) -> list[dict[str, object]]:
    """Every request that the endpoint received, without their bodies."""
    found: list[dict[str, object]] = []
    while page := requests.get(
        f"{url}/_requests", params={"after": str(found[-1]["number"]) if found else "0"}, timeout=60
    ).json():
        found += [{name: one[name] for name in ("number", "method", "status")} for one in page]
    return found
