"""How long the whole main job takes: the first time, again with nothing new, and again in a warm process."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import datetime
from pathlib import Path

from benchmarks.measure import Figures, median_seconds, timed
from benchmarks.shop import environ, settings
from orchestration.run import run_job
from warehouse.settings import ROOT, load


def cold(home: Path, url: str, as_of: datetime, name: str = "main") -> Figures:
    """A job as a user starts it: a new process, from its start to its end. Raises RuntimeError when it fails."""
    command = [sys.executable, "-m", "cli.main", "run", name]
    log = home / "job.log"
    with timed() as whole, log.open("w") as out:
        done = subprocess.run(
            command, env=_environ(home, url, as_of), cwd=ROOT, stdout=out, stderr=out, check=False
        )
    if done.returncode:
        raise RuntimeError(f"the job {name} failed\n{log.read_text()[-4000:]}")
    return {"seconds": whole.seconds}


def warm(home: Path, url: str, as_of: datetime) -> Figures:
    """The job twice in this process; the seconds of the second run, when everything is imported and parsed."""
    os.environ.update(_environ(home, url, as_of))
    installation = load()
    run_job(installation, "main")
    with timed() as whole:
        outcome = run_job(installation, "main")
    if not outcome.succeeded:
        raise RuntimeError(f"the main job failed: {outcome.failures}")
    return {"seconds": whole.seconds}


def start(home: Path, url: str, as_of: datetime) -> Figures:
    """The part of a cold run that no work can shorten: a process that only imports and assembles the definitions."""
    code = "from orchestration.definitions import definitions; definitions()"
    command = [sys.executable, "-c", code]
    seconds = median_seconds(
        lambda: subprocess.run(
            command, env=_environ(home, url, as_of), cwd=ROOT, check=True, capture_output=True
        )
    )
    return {"seconds": seconds}


def _environ(home: Path, url: str, as_of: datetime) -> dict[str, str]:
    known = {**os.environ, **environ(home, url, as_of)}
    known["MILLRACE_MEMORY_LIMIT"] = settings(home).memory_limit or ""
    # As on any installation that has run once: bytecode is kept, here beside the data.
    known.pop("PYTHONDONTWRITEBYTECODE", None)
    known["PYTHONPYCACHEPREFIX"] = str(home / "pycache")
    return known
