"""Serve the sample shop's endpoints until interrupted; the first line printed is their base URL."""

from __future__ import annotations

import json
import signal
import threading
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from examples.shop.endpoints import SAMPLE_NOW, serve


def _rules(path: Path | None) -> list[dict[str, Any]]:
    rules = [] if path is None else json.loads(path.read_text())
    if not isinstance(rules, list):
        raise typer.BadParameter(f"{path} must hold a JSON list of fault rules")
    return rules


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise typer.BadParameter(f"{text} needs a time zone, as in 2026-06-30T00:00:00Z")
    return moment


def main(
    state: Annotated[Path | None, typer.Option(help="SQLite file that keeps the state")] = None,
    port: Annotated[int, typer.Option(help="0 takes a free one")] = 0,
    faults: Annotated[Path | None, typer.Option(help="JSON list of fault rules")] = None,
    now: Annotated[str, typer.Option(help="the vendors' clock")] = SAMPLE_NOW.isoformat(),
) -> None:
    """Serve until SIGINT or SIGTERM."""
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    with serve(state, port=port, now=_moment(now), faults=_rules(faults)) as endpoints:
        print(endpoints.url, flush=True)
        stop.wait()


if __name__ == "__main__":
    typer.run(main)
