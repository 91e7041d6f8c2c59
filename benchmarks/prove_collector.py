"""Proves that the front door keeps what it acknowledges: both SDKs, kills under load, every call counted.

Options come from the environment: BENCH_EVENTS (half of them from each SDK), BENCH_KILLS, BENCH_HOME. Ends with 1 when
an acknowledged call is lost or any is doubled.
"""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

from benchmarks import measure
from benchmarks.collector import EVENTS, KILLS, install_node, storm

NAME = "collector-proof"


def main() -> None:
    """Run, print the figures, and write them to `out/collector-proof.json`."""
    events = int(os.environ.get("BENCH_EVENTS") or EVENTS)
    kills = int(os.environ.get("BENCH_KILLS") or KILLS)
    with tempfile.TemporaryDirectory(dir=os.environ.get("BENCH_HOME")) as home:
        node = install_node(Path(home) / "sdk")
        figures = storm(Path(home) / "storm", events, kills, node)
    measure.show(NAME, figures)
    measure.console.print(f"written to {measure.write(NAME, figures)}")
    if figures["lost"] or figures["doubled"] or not figures["acknowledged"]:
        sys.exit(1)


if __name__ == "__main__":
    main()
