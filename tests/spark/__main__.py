"""Builds a sample shop on DuckDB and on a Spark cluster, twice (the second time incrementally), and compares every row.

Ends with 1 when a model failed, is missing or differs. Leaves everything in `<home>/spark` to look at.
"""

from __future__ import annotations

import shutil
import time
from datetime import timedelta
from pathlib import Path
from typing import Annotated

import duckdb
import typer
from rich.console import Console

from tests.spark.build import Round, on_duckdb, on_spark
from tests.spark.cluster import end_with_sigterm, missing
from tests.spark.others import fill
from tests.spark.report import report, rewritten
from tests.spark.sample import deliver, end_of, sample
from tests.spark.vendors import fill_vendors
from warehouse.manifest import load_manifest
from warehouse.settings import load

ROOT = Path(__file__).resolve().parents[2]


def main(
    home: Annotated[Path, typer.Option(help="folder of the sample shop; made unless it is there")],
    contacts: Annotated[int, typer.Option(help="how many contacts to generate")] = 120,
    workers: Annotated[int, typer.Option(help="Spark workers, each a process with one core")] = 2,
    minutes: Annotated[int, typer.Option(help="how long Spark may take")] = 60,
    with_tests: Annotated[bool, typer.Option(help="run dbt's tests on Spark too")] = False,
    only: Annotated[str, typer.Option(help="build only this dbt selection")] = "",
    times: Annotated[int, typer.Option(help="deliveries: 1, or 2, the second incremental")] = 2,
) -> None:
    """Build on both engines, compare, report."""
    end_with_sigterm()
    console = Console(width=160)
    reason = missing(ROOT)
    if reason:
        console.print(f"Cannot run Spark: {reason}.")
        raise typer.Exit(2)
    home = home.resolve()
    made, folder = sample(home, contacts), home / "spark"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    source = folder / "sample.duckdb"
    shutil.copy(made, source)
    with duckdb.connect(str(source)) as con:
        fill(con)
        fill_vendors(con, folder / "vendors")
    manifest, end = load_manifest(load({})), end_of(source)
    deliveries = [
        Round("first delivery", end - timedelta(days=2), folder / "first"),
        Round("second delivery, incremental", end, folder / "second"),
    ]
    rounds = deliveries[:times]
    good = []
    database = folder / "warehouse.duckdb"
    for step in rounds:
        console.print(f"DuckDB, {step.title} …")
        last = step.as_of == end
        deliver(source, database, step.raw, manifest, step.as_of, last=last)
        good.append(on_duckdb(database, only))
        shutil.copy(database, step.database)
    console.print(f"Spark: a master and {workers} workers on loopback …")
    started = time.monotonic()
    on_spark(folder, rounds, manifest, workers, minutes * 60, with_tests=with_tests, only=only)
    console.print(f"Spark took {time.monotonic() - started:.0f} s in all.")
    good += [report(console, step, manifest, whole=not only) for step in rounds]
    if len(rounds) > 1 and not only:
        kept = rewritten(rounds[0], rounds[1], folder / "target-spark" / "manifest.json")
        good.append(bool(kept))
        for name, (new, files) in kept.items():
            console.print(f"{name}: {new} of {files} files are of the second build")
            # It added something, and kept most of what was there.
            good.append(0 < new < files)
    raise typer.Exit(0 if all(good) else 1)


if __name__ == "__main__":
    typer.run(main)
