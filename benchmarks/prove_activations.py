"""Proves that a killed delivery loses nothing and sends nothing twice: kills at random instants, every row compared.

Options come from the environment: BENCH_ROWS (of each upsert sync), BENCH_MESSAGES, BENCH_KILLS (half of them hit the
messages), BENCH_HOME, MILLRACE_LEDGER_URL. Ends with 1 when a row is lost, a message sent twice, or a doubt not listed.
"""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

from benchmarks import measure, storm

NAME = "activations-proof"
ROWS, MESSAGES, KILLS = 20_000, 5_000, 200
TURNS = 20
PROMISED = ("lost", "foreign", "duplicate_sends", "in_doubt_unlisted")


def prove(
    home: Path, rows: int, messages: int, kills: int, ledger_url: str = ""
) -> measure.Figures:
    """All parts, one after the other; sums first, then each part's own figures.

    A part is sent again, to an endpoint that holds nothing yet, until its share of the kills has hit: on a slow machine
    a delivery is over before all of them have.
    """
    found: dict[str, measure.Figures] = {}
    left = kills
    for name, count, share in (
        ("messages", messages, kills // 2),
        ("contacts", rows, kills // 10),
        ("deals", rows, kills),  # what is left of them
    ):
        wanted, turns = min(share, left), 0
        while wanted > 0:
            if (turns := turns + 1) > TURNS:
                raise RuntimeError(f"{name}: {wanted} kills have not hit after {TURNS} deliveries")
            place = f"{name}_{turns}"
            (home / place).mkdir()
            with measure.timed() as whole:
                found[place] = storm.weather(name, home / place, count, wanted, ledger_url)
            found[place]["seconds"] = whole.seconds
            wanted -= int(found[place]["kills"])
            left -= int(found[place]["kills"])
    names = dict.fromkeys(name for figures in found.values() for name in figures)
    sums = {name: sum(figures.get(name, 0) for figures in found.values()) for name in names}
    own = {f"{part}_{name}": value for part, one in found.items() for name, value in one.items()}
    return {**sums, **own}


def main() -> None:
    """Run, print the figures, and write them to `out/activations-proof.json`."""
    env = os.environ
    rows = int(env.get("BENCH_ROWS") or ROWS)
    messages = int(env.get("BENCH_MESSAGES") or MESSAGES)
    kills = int(env.get("BENCH_KILLS") or KILLS)
    with tempfile.TemporaryDirectory(
        prefix="millrace-proof-", dir=env.get("BENCH_HOME") or None
    ) as home:
        figures = prove(Path(home), rows, messages, kills, env.get("MILLRACE_LEDGER_URL") or "")
    measure.show(NAME, figures)
    measure.console.print(f"written to {measure.write(NAME, figures)}")
    if any(figures[name] for name in PROMISED):
        sys.exit(1)


if __name__ == "__main__":
    main()
