"""Plans as people read them: what each sync would do if it ran now."""

from __future__ import annotations

import getpass
import os
from datetime import datetime

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from activations import approvals, run
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


def approve(settings: Settings, sync: str, by: str | None, console: Console) -> None:
    """Approve the newest held plan of a sync and say what that was."""
    done = approvals.approve(settings, sync, by or getpass.getuser())
    console.print(
        f"Approved: {done.rows:,} rows of {done.sync}, planned {done.planned_at:%Y-%m-%d %H:%M} UTC ({done.gate})."
    )
    console.print("They go with the sync's next run, as far as the model still wants them so.")


def refused(settings: Settings, sync: str | None, console: Console) -> None:
    """Print the refused rows with the vendor's words."""
    found = approvals.refused(settings, sync)
    table = Table("sync", "row", "state", "attempts", "next attempt", "code", "answer", box=None)
    for row in found:
        again = f"{row.next_attempt_at:%Y-%m-%d %H:%M}" if row.next_attempt_at else "never"
        cells = (row.sync, row.key_hash[:8], row.state, str(row.attempts), again)
        table.add_row(*cells, escape(row.code or ""), escape(row.message or ""))
    console.print(table if found else "No destination refuses any row.")
