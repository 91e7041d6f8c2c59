"""Plans as people read them: what each sync would do if it ran now."""

from __future__ import annotations

import os
from datetime import datetime

from rich.console import Console

from activations import run
from activations.syncs import load_syncs
from warehouse.manifest import load_manifest
from warehouse.settings import Settings


def show(settings: Settings, as_of: datetime, name: str | None, console: Console) -> bool:
    """Print a dry run of one sync or of all; False when there is no sync of that name."""
    manifest = load_manifest(settings)
    syncs = load_syncs(manifest)
    wanted = [sync for sync in syncs if name in (None, sync.name)]
    if not wanted:
        console.print(f"There is no sync {name!r}. Known: {', '.join(sync.name for sync in syncs)}")
        return False
    for sync in wanted:
        result = run.run_sync(settings, manifest, sync, as_of, os.environ, dry_run=True)
        console.print(result.plan)
    return True
