"""The process that `test_kill.py` kills: one run of one sync, over real HTTP."""

from __future__ import annotations

from multiprocessing.connection import Connection
from pathlib import Path

from activations import run
from tests.activations.conftest import AS_OF, KINDS, desk_for, model
from warehouse.manifest import Manifest


def main(name: str, home: Path, environ: dict[str, str], results: Connection) -> None:
    """Run the sync of `name` and send its counts."""
    kind = KINDS[name]
    desk = desk_for(kind, home, environ.get("MILLRACE_LEDGER_URL"))
    manifest = Manifest(models={desk.sync.name: model(kind)}, sources={})
    result = run.run_sync(desk.settings, manifest, desk.sync, AS_OF, environ)
    results.send(dict(result.counts))
