"""Measures the spine on the sample shop: load, build, a day more, a run with nothing new, compare, deliver, memory.

Options come from the environment: BENCH_CONTACTS, BENCH_HOME, BENCH_CACHE, BENCH_DIFF_ROWS (see README.md).
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Any

from rich.table import Table

from benchmarks import build, deliver, diff, job, load, measure, shop

NAME = "spine"
CONTACTS, DIFF_ROWS = 100_000, 1_000_000
DELIVERED_CONTACTS, DELIVERED_DEALS = 20_000, 2_000


class Bench:
    """Collects figures, and the peak memory of every step, as parts are measured one after the other."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.figures: measure.Figures = {}
        self.peaks: measure.Figures = {}

    def step(self, part: str, label: str, function: Any, *arguments: object) -> Any:
        """Run one step apart; its peak counts for `part`."""
        with measure.timed() as whole:
            result, peak = measure.isolated(function, *arguments)
        self.peaks[part] = max(self.peaks.get(part, 0.0), peak)
        measure.console.print(f"{label:<52}{whole.seconds:9.1f} s {peak:7.2f} GB")
        return result

    def load(self) -> int:
        """Landing to raw; returns the rows."""
        ours = self.step("load", "load", load.ours, self.home, shop.AS_OF)
        plain = self.step("plain", "load, lower bound", load.plain, self.home)
        assert ours["rows"] == plain["rows"] and not ours["refused"], (ours, plain)
        self.figures |= {
            "rows": ours["rows"],
            "load_seconds": ours["seconds"],
            "load_rows_per_second": ours["rows"] / ours["seconds"],
            "load_ratio": ours["seconds"] / plain["seconds"],
        }
        return int(ours["rows"])

    def build(self, rows: int) -> None:
        """Raw to syncs, in full and after one more day."""
        loaded = self.step("plain", "copy of the loaded warehouse", build.keep_copy, self.home)
        full = self.step("build", "build, full", build.ours, self.home)
        plain = self.step("plain", "build, lower bound", build.plain, self.home, loaded)
        loaded.unlink()
        report("full build", full)
        self.step("plain", "landing another day", shop.land_another_day, self.home)
        more = self.step("load", "load of another day", load.ours, self.home, shop.NEXT_DAY)
        again = self.step("incremental", "build, another day", build.ours, self.home)
        report("build after another day", again)
        self.figures |= {
            "build_seconds": full.seconds,
            "build_rows_per_second": rows / full.seconds,
            "build_ratio": full.seconds / plain,
            "build_models": full.models,
            "build_failures": len(full.failed) + len(again.failed),
            "incremental_rows": more["rows"],
            "incremental_load_seconds": more["seconds"],
            "incremental_seconds": again.seconds,
            "incremental_models": again.models,
            "incremental_ratio": again.seconds / full.seconds,
        }

    def job(self) -> None:
        """The whole main job: predictions and deliveries at first, then nothing new."""
        with shop.endpoints(self.home / "endpoints.sqlite") as url:
            arguments = (self.home, url, shop.NEXT_DAY)
            first = self.step("job", "main job, first run", job.cold, *arguments)
            # The first run's deliveries and predictions are news to the second.
            self.step("job", "main job, second run", job.cold, *arguments)
            cold = self.step("noop", "main job, nothing new", job.cold, *arguments)
            start = self.step("plain", "only imports and definitions", job.start, *arguments)
            warm = self.step(
                "noop", "main job, nothing new, in a warm process", job.warm, *arguments
            )
        self.figures |= {
            "first_job_seconds": first["seconds"],
            "noop_seconds": cold["seconds"],
            "noop_start_seconds": start["seconds"],
            "noop_in_process_seconds": warm["seconds"],
        }

    def activations(self, diff_rows: int) -> None:
        """Comparing and delivering synthetic audiences, in warehouses of their own."""
        found = self.step("diff", "diff", diff.measure, self.home / "diff", diff_rows)
        sent = self.step(
            "deliver", "deliver", deliver.measure, self.home / "deliver",
            DELIVERED_CONTACTS, DELIVERED_DEALS,
        )  # fmt: skip
        ours = sent["contacts_seconds"] + sent["deals_seconds"]
        self.figures |= {
            "diff_rows_per_second": diff_rows / found["plan_seconds"],
            "diff_ratio": found["plan_seconds"] / found["plain_seconds"],
            "diff_compare_ratio": found["compare_seconds"] / found["plain_seconds"],
            "deliver_rows_per_second": sent["rows"] / ours,
            "deliver_ratio": ours / (sent["contacts_plain_seconds"] + sent["deals_plain_seconds"]),
            **{f"deliver_{name}": value for name, value in sent.items() if name != "rows"},
        }


def report(title: str, built: build.Built) -> None:
    """Print where a build's time went, and what failed."""
    table = Table("kind", "node", title=title, title_justify="left")
    table.add_column("seconds", justify="right")
    for kind in ("model", "test", "unit_test"):
        chosen = [node for node in built.nodes if node.kind == kind]
        total = sum(node.seconds for node in chosen)
        table.add_row(kind, f"all {len(chosen)}", f"{total:.2f}")
        for node in built.slowest(kind):
            table.add_row(kind, node.name[:70], f"{node.seconds:.2f}")
    measure.console.print(table)
    for node in built.failed:
        measure.console.print(f"[red]{node.status}[/] {node.name}: {node.message[:200]}")


def run(home: Path, cache: Path | None, contacts: int, diff_rows: int) -> measure.Figures:
    """All parts at one size; returns the figures."""
    bench = Bench(home)
    bench.step("generate", "generate the landing files", shop.land, home, cache, contacts)
    bench.activations(diff_rows)
    bench.build(bench.load())
    bench.job()
    # The lower bounds and the generator are no part of Millrace.
    own = {part: peak for part, peak in bench.peaks.items() if part not in ("generate", "plain")}
    peaks = {f"peak_{part}_gb": peak for part, peak in own.items()}
    return {"contacts": contacts, **bench.figures, **peaks, "peak_gb": max(own.values())}


def main() -> None:
    """Run with the options of the environment, print the figures, and write them to `out/spine.json`."""
    env = os.environ
    contacts = int(env.get("BENCH_CONTACTS") or CONTACTS)
    diff_rows = int(env.get("BENCH_DIFF_ROWS") or DIFF_ROWS)
    cache = Path(env["BENCH_CACHE"]).resolve() if env.get("BENCH_CACHE") else None
    with tempfile.TemporaryDirectory(prefix="millrace-bench-", dir=env.get("BENCH_HOME")) as home:
        figures = run(Path(home), cache, contacts, diff_rows)
    measure.show(f"{NAME}, {contacts:,} contacts", figures)
    measure.console.print(f"written to {measure.write(NAME, figures)}")


if __name__ == "__main__":
    main()
