"""Measures syncs: comparing 1 and 10 million rows, delivering, and a run with 1 % changed beside drt-core's.

Options come from the environment: BENCH_DIFF_ROWS (sizes, separated by commas), BENCH_RUN_ROWS, BENCH_HOME.
"""

from __future__ import annotations

import os
import statistics
import tempfile
from pathlib import Path
from typing import Any

from benchmarks import deliver, diff, little, measure, rival

NAME = "activations"
DIFF_ROWS = "1000000,10000000"
RUN_ROWS = 200_000
CONTACTS, DEALS = 20_000, 20_000
# Of deliveries, which take seconds: whatever else the machine does shows in a single one.
ROUNDS = 3


class Bench:
    """Runs steps apart from each other and keeps the peak memory of those that are ours."""

    def __init__(self, home: Path) -> None:
        self.home, self.peak = home, 0.0

    def step(self, label: str, function: Any, *arguments: object, is_ours: bool = True) -> Any:
        """One step in a process of its own."""
        with measure.timed() as whole:
            result, peak = measure.isolated(function, *arguments)
        self.peak = max(self.peak, peak if is_ours else 0.0)
        measure.console.print(f"{label:<52}{whole.seconds:9.1f} s {peak:7.2f} GB")
        return result

    def diff(self, rows: int) -> measure.Figures:
        """A plan of so many rows beside bare joins on the same tables."""
        found = self.step(f"diff, {rows:,} rows", diff.measure, self.home / f"diff{rows}", rows)
        name = f"{rows // 1_000_000}m" if rows >= 1_000_000 else str(rows)
        return {
            f"diff_ratio_{name}": found["compare_seconds"] / found["plain_seconds"],
            f"plan_ratio_{name}": found["plan_seconds"] / found["plain_seconds"],
            f"diff_columns_ratio_{name}": found["compare_seconds"] / found["columns_seconds"],
            f"diff_rows_per_second_{name}": rows / found["compare_seconds"],
            f"plan_seconds_{name}": found["plan_seconds"],
        }

    def deliver(self) -> measure.Figures:
        """Contacts by jobs and deals in batches, beside bare loops over the same batches: medians of the rounds."""
        rounds = [self._delivered(number) for number in range(1, ROUNDS + 1)]
        return {name: statistics.median(one[name] for one in rounds) for name in rounds[0]}

    def _delivered(self, number: int) -> measure.Figures:
        home = self.home / f"deliver{number}"
        sent = self.step(f"deliver, round {number}", deliver.measure, home, CONTACTS, DEALS)
        ours = sent["contacts_seconds"] + sent["deals_seconds"]
        plain, bodies = (
            sent[f"contacts_{loop}_seconds"] + sent[f"deals_{loop}_seconds"]
            for loop in ("plain", "bodies")
        )
        return {
            "deliver_ratio": plain / ours,
            "deliver_bodies_ratio": bodies / ours,
            "deliver_contacts_ratio": sent["contacts_plain_seconds"] / sent["contacts_seconds"],
            "deliver_deals_ratio": sent["deals_plain_seconds"] / sent["deals_seconds"],
            "deliver_rows_per_second": sent["rows"] / ours,
        }

    def little(self, rows: int) -> measure.Figures:
        """A run after 1 % changed: ours, and theirs in both modes that they have for DuckDB."""
        rival.install()
        home = self.home / "little"
        changed = self.step("1 % changed, prepared", little.prepare, home, rows, is_ours=False)
        ours = self.step("1 % changed, our run", little.ours, home, changed)
        full, cursor = (
            self.step(f"1 % changed, drt {mode}", little.theirs, home, rows, mode, is_ours=False)
            for mode in ("full", "cursor")
        )
        return {
            "run_rows": rows,
            "run_seconds": ours["seconds"],
            "drt_full_seconds": full["seconds"],
            "drt_cursor_seconds": cursor["seconds"],
            "drt_speedup_1pct": full["seconds"] / ours["seconds"],
            "drt_cursor_speedup_1pct": cursor["seconds"] / ours["seconds"],
            "requests_per_10000_changed": ours["requests"] / changed * 10_000,
            "drt_full_requests_per_10000_changed": full["requests"] / changed * 10_000,
        }


def main() -> None:
    """Run with the options of the environment, print the figures, and write them to `out/activations.json`."""
    sizes = [int(size) for size in (os.environ.get("BENCH_DIFF_ROWS") or DIFF_ROWS).split(",")]
    rows = int(os.environ.get("BENCH_RUN_ROWS") or RUN_ROWS)
    with tempfile.TemporaryDirectory(
        prefix="millrace-bench-", dir=os.environ.get("BENCH_HOME") or None
    ) as home:
        bench = Bench(Path(home))
        figures: measure.Figures = {}
        for size in sizes:
            figures |= bench.diff(size)
        figures |= bench.deliver()
        figures |= bench.little(rows)
        figures["peak_gb"] = bench.peak
    measure.show(NAME, figures)
    measure.console.print(f"written to {measure.write(NAME, figures)}")


if __name__ == "__main__":
    main()
