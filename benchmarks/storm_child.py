"""The process that a storm kills: one run of one sync, over real HTTP."""

from __future__ import annotations

from multiprocessing.connection import Connection
from pathlib import Path

from activations import run
from activations.syncs import Sync
from benchmarks import audience
from benchmarks.shop import AS_OF, settings


def go(
    home: Path, ledger_url: str, sync: Sync, environ: dict[str, str], answer: Connection
) -> None:
    """Run the sync and send its counts, and why it stopped early where it did."""
    installation = settings(home, ledger_url=ledger_url)
    result = run.run_sync(installation, audience.manifest(sync), sync, AS_OF, environ)
    answer.send((dict(result.counts), result.reason))
