"""Prints how each model came out on both engines."""

from __future__ import annotations

import json
from pathlib import Path

import duckdb
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from tests.spark.build import Round
from tests.spark.compare import Outcome, compare
from warehouse.builds import in_order
from warehouse.manifest import Manifest

PASSED = {"success", "pass", "warn", "no-op"}


def report(console: Console, step: Round, manifest: Manifest, *, whole: bool) -> bool:
    """A table of one round, inputs before what reads them, and what went wrong; returns whether nothing did."""
    told = json.loads((step.out / "results.json").read_text(encoding="utf-8"))
    seconds = {result["name"]: result["seconds"] for result in told["results"]}
    failed = [
        result
        for result in told["results"]
        if result["status"] not in PASSED and result["kind"] != "exposure"
    ]
    outcomes = compared(step, manifest)
    table = Table(
        "model", "rows duckdb", "rows spark", "differing rows", "spark s", title=step.title
    )
    for outcome in outcomes:
        colour = None if outcome.same else "red"
        numbers = f"{outcome.duckdb_rows:,}", f"{outcome.spark_rows:,}", f"{outcome.differing:,}"
        table.add_row(outcome.model, *numbers, str(seconds.get(outcome.model, "")), style=colour)
    console.print(table)
    for result in failed:
        lines = result["message"].strip()[:1200]
        console.print(f"{result['status']}: {result['kind']} {result['name']}: {escape(lines)}")
    different = [outcome for outcome in outcomes if not outcome.same]
    for outcome in different:
        console.print(f"differs: {outcome.model}: {escape(outcome.note[:1500])}")
    absent = told["missing"] if whole else []
    if absent:
        console.print(f"not built on Spark: {', '.join(absent)}")
    times = ", ".join(f"{what} {took:.0f} s" for what, took in told["seconds"].items())
    console.print(
        f"{step.title}: {len(outcomes)} models compared, {sum(o.duckdb_rows for o in outcomes):,} rows, "
        f"{len(different)} differ, {len(failed)} nodes failed, {len(absent)} missing ({times})\n"
    )
    return bool(outcomes) and not (different or failed or absent)


def rewritten(first: Round, second: Round, manifest: Path) -> dict[str, tuple[int, int]]:
    """How many files of a model that Spark extends the second build wrote, and how many there are.

    `manifest` is the one of the build on Spark: some models that DuckDB extends are written whole there (decision 12).
    """
    first_end = (first.out / "results.json").stat().st_mtime
    found = {}
    for node in json.loads(manifest.read_text(encoding="utf-8"))["nodes"].values():
        if node["resource_type"] == "model" and node["config"]["materialized"] == "incremental":
            folder = second.folder.parent / "warehouse" / f"{node['schema']}.db" / node["name"]
            times = [path.stat().st_mtime for path in folder.rglob("*.parquet")]
            found[node["name"]] = (sum(time > first_end for time in times), len(times))
    return found


def compared(step: Round, manifest: Manifest) -> list[Outcome]:
    """Each model that both engines have built."""
    outcomes = []
    with duckdb.connect(str(step.database), read_only=True) as con:
        con.execute("set timezone = 'UTC'")
        for name in in_order(manifest):
            model = manifest.models[name]
            folder = step.out / f"{model.schema}.{name}"
            if (folder / "_SUCCESS").exists():
                outcomes.append(compare(con, model.schema, name, folder))
    return outcomes
