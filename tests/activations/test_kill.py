"""Real processes, real HTTP, real kill -9: in the end the endpoints hold what an undisturbed run leaves."""

from __future__ import annotations

import multiprocessing
import time
from multiprocessing.process import BaseProcess
from pathlib import Path
from random import Random
from typing import Any

import pytest

from tests.activations import kill_child
from tests.activations.conftest import KINDS, Desk, desk_for

serve = pytest.importorskip("examples.shop.endpoints", reason="the sample shop is not here").serve
ROWS = {"twilio": 80, "hubspot": 900, "activecampaign": 900}
KILLS = {"twilio": 10, "hubspot": 6, "activecampaign": 6}
SLOWED_SECONDS = 0.01  # per answer, so that most kills hit a delivery
PROCESSES = multiprocessing.get_context("forkserver")


def start(name: str, home: Path, environ: dict[str, str]) -> tuple[BaseProcess, Any]:
    """A run in a process of its own."""
    PROCESSES.set_forkserver_preload([kill_child.__name__])
    ours, theirs = PROCESSES.Pipe(duplex=False)
    process = PROCESSES.Process(target=kill_child.main, args=(name, home, environ, theirs))
    process.start()
    theirs.close()
    return process, ours


@pytest.mark.parametrize("name", sorted(ROWS))
def test_killed_runs_end_in_the_same_state(
    name: str, tmp_path: Path, ledger_url: str | None
) -> None:
    """Killed at random instants or after a few requests, then left alone: nothing is lost or comes twice."""
    random = Random(7)
    desk: Desk = desk_for(KINDS[name], tmp_path / "home", ledger_url)
    rows = desk.rows(ROWS[name])
    desk.fill(rows)
    killed, interrupted = 0, 0
    with serve(state=tmp_path / "endpoints.sqlite") as endpoints:
        scales = {f"MILLRACE_{vendor.upper()}_RATE_SCALE": "1000" for vendor in ROWS}
        environ = {**endpoints.environment(), **scales, "MILLRACE_LEDGER_URL": ledger_url or ""}
        endpoints.inject(
            {"path": ".*", "kind": "slow", "seconds": SLOWED_SECONDS, "times": 100_000}
        )
        for number in range(KILLS[name]):
            process, results = start(name, tmp_path / "home", environ)
            before = len(endpoints.requests())
            wanted = random.randrange(6) if number % 3 else None
            until = time.monotonic() + (5 if wanted else random.uniform(0.05, 0.3))
            while process.is_alive() and time.monotonic() < until:
                if wanted and len(endpoints.requests()) >= before + wanted:
                    break
                time.sleep(0.002)
            if process.is_alive():
                process.kill()
                killed += 1
                interrupted += len(endpoints.requests()) > before
            process.join()
            results.close()
        endpoints.heal()
        for _ in range(6):
            process, results = start(name, tmp_path / "home", environ)
            counts = results.recv()
            process.join()
            results.close()
            if counts["unchanged"] == len(rows):
                break
            time.sleep(
                0.1
            )  # a message in doubt counts as lost only after a quiet time (scaled down here)
        state = endpoints.state()[name]

    assert killed > 0
    assert counts["unchanged"] == len(rows)
    assert interrupted > 0
    if name == "twilio":
        sent = [(message["to"], message["body"]) for message in state["messages"]]
        assert sorted(sent) == sorted((row["To"], row["Body"]) for row in rows)
    elif name == "hubspot":
        keys = {key.rpartition("=")[2] for key in state["deals"]}
        assert keys == {row["deal_id"] for row in rows}
    else:
        assert set(state["contacts"]) == {row["email"] for row in rows}
        assert {tuple(one["tags"]) for one in state["contacts"].values()} == {
            ("segment: vip", "shop")
        }
