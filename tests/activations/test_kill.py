"""Real processes, real HTTP, real kill -9: in the end the endpoints hold what an undisturbed run leaves."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from random import Random

import pytest

from tests.activations.conftest import KINDS, SID, Desk, desk_for

serve = pytest.importorskip(
    "examples.shop.endpoints", reason="the sample shop's endpoints are not built"
).serve
ROWS = {"twilio": 60, "hubspot": 500, "activecampaign": 500}
KILLS = 4
CHILD = """
import json, os, sys
from pathlib import Path
from tests.activations.conftest import KINDS, AS_OF, desk_for, model
from activations import run
from warehouse.manifest import Manifest
kind = KINDS[sys.argv[1]]
desk = desk_for(kind, Path(sys.argv[2]))
manifest = Manifest(models={desk.sync.name: model(kind)}, sources={})
print("started", flush=True)
result = run.run_sync(desk.settings, manifest, desk.sync, AS_OF, os.environ, override=True)
print(json.dumps({"counts": dict(result.counts), "reason": result.reason}), flush=True)
"""


def environ(url: str) -> dict[str, str]:
    return {
        **os.environ,
        "MILLRACE_ACTIVECAMPAIGN_URL": f"{url}/activecampaign",
        "MILLRACE_ACTIVECAMPAIGN_TOKEN": "shop-activecampaign-token",
        "MILLRACE_ACTIVECAMPAIGN_RATE_SCALE": "100",
        "MILLRACE_TWILIO_URL": f"{url}/twilio",
        "MILLRACE_TWILIO_ACCOUNT_SID": SID,
        "MILLRACE_TWILIO_AUTH_TOKEN": "shop-twilio-token",
        "MILLRACE_TWILIO_MESSAGING_SERVICE_SID": "MG" + "0" * 32,
        "MILLRACE_TWILIO_RATE_SCALE": "100",
        "MILLRACE_HUBSPOT_URL": f"{url}/hubspot",
        "MILLRACE_HUBSPOT_TOKEN": "shop-hubspot-token",
        "MILLRACE_HUBSPOT_RATE_SCALE": "100",
    }


def start(kind: str, home: Path, variables: dict[str, str]) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", CHILD, kind, str(home)]
    root = Path(__file__).resolve().parents[2]
    process = subprocess.Popen(command, env=variables, cwd=root, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "started\n"
    return process


def finish(process: subprocess.Popen[str]) -> dict[str, object]:
    output, _ = process.communicate(timeout=60)
    assert process.returncode == 0
    result: dict[str, object] = json.loads(output)
    return result


@pytest.mark.parametrize("name", sorted(KINDS))
def test_killed_runs_end_in_the_same_state(name: str, tmp_path: Path) -> None:
    """Each run is killed at a random instant; the last one is left alone. Nothing is lost, nothing comes twice."""
    random = Random(7)
    desk: Desk = desk_for(KINDS[name], tmp_path / "home")
    rows = desk.rows(ROWS[name])
    desk.fill(rows)
    with serve(state=tmp_path / "endpoints.sqlite") as endpoints:
        variables = environ(endpoints.url)
        killed = 0
        for _ in range(KILLS):
            process = start(name, tmp_path / "home", variables)
            time.sleep(random.uniform(0.05, 0.5))
            killed += process.poll() is None
            os.kill(process.pid, signal.SIGKILL) if process.poll() is None else None
            process.communicate()
        for _ in range(6):
            result = finish(start(name, tmp_path / "home", variables))
            counts = result["counts"]
            assert isinstance(counts, dict)
            if counts["unchanged"] == len(rows):
                break
            time.sleep(0.3)
        state = endpoints.state()[name]

    assert killed > 0
    assert counts["unchanged"] == len(rows), result
    if name == "twilio":
        sent = [(message["to"], message["body"]) for message in state["messages"]]
        assert sorted(sent) == sorted((row["To"], row["Body"]) for row in rows)
    elif name == "hubspot":
        assert {key.rpartition("=")[2] for key in state["deals"]} == {
            row["deal_id"] for row in rows
        }
    else:
        assert set(state["contacts"]) == {row["email"] for row in rows}
        assert all(
            contact["tags"] == ["segment: vip", "shop"] for contact in state["contacts"].values()
        )
