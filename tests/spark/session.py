"""Runs in the Spark environment: registers the exported tables, calls dbt, writes out what was built, round by round.

One process for all rounds, because starting a Spark application takes half a minute. Takes a plan as JSON:
`rounds`: a list of {`raw`: folder that holds a folder of Parquet files per <schema>.<table>, `out`: folder to write,
`dbt`: lists of arguments}; `models`: [schema, name] of what is written out. Writes
`results.json` into each round's `out`.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any

from dbt.cli.main import dbtRunner


def main(plan_path: str) -> None:
    """Carry out the plan."""
    plan = json.loads(Path(plan_path).read_text(encoding="utf-8"))
    for step in plan["rounds"]:
        out = Path(step["out"])
        out.mkdir(parents=True, exist_ok=True)
        started = time.monotonic()
        register(step["raw"], plan["settings"])
        registered = time.monotonic()
        results = [result for arguments in step["dbt"] for result in invoke(arguments)]
        built = time.monotonic()
        missing = write_out(plan["models"], out, plan["settings"])
        ended = time.monotonic()
        seconds = {
            "register": registered - started,
            "build": built - registered,
            "write": ended - built,
        }
        text = json.dumps({"results": results, "missing": missing, "seconds": seconds}, indent=1)
        (out / "results.json").write_text(text, encoding="utf-8")


def session(settings: dict[str, str]) -> Any:
    """The session that dbt will find: made with the profile's own settings."""
    from pyspark.sql import SparkSession

    builder = SparkSession.builder.enableHiveSupport()
    for name, value in settings.items():
        builder = builder.config(name, value)
    return builder.getOrCreate()


def register(folder: str, settings: dict[str, str]) -> None:
    """Make a table of each folder of Parquet files; sources are read as registered tables."""
    spark = session(settings)
    paths = sorted(path for path in Path(folder).iterdir() if path.is_dir())
    for schema in sorted({path.name.split(".")[0] for path in paths}):
        spark.sql(f"create database if not exists {schema}")
    for path in paths:
        spark.sql(f"drop table if exists {path.name}")
        spark.sql(f"create table {path.name} using parquet location '{path}'")


def invoke(arguments: list[str]) -> list[dict[str, Any]]:
    """One dbt command; how each node went. Stops the process on an error that is no node's."""
    outcome = dbtRunner().invoke(arguments)
    if outcome.exception is not None:
        raise outcome.exception
    return [
        {
            "name": item.node.name,
            "kind": str(item.node.resource_type),
            "status": str(item.status),
            "message": str(item.message or ""),
            "seconds": round(item.execution_time, 2),
        }
        for item in outcome.result
    ]


def write_out(models: list[list[str]], out: Path, settings: dict[str, str]) -> list[str]:
    """Write each model as Parquet; returns those that do not exist."""
    spark = session(settings)
    missing = []
    for schema, name in models:
        if spark.catalog.tableExists(f"{schema}.{name}"):
            frame = spark.table(f"{schema}.{name}").coalesce(1)
            frame.write.mode("overwrite").parquet(str(out / f"{schema}.{name}"))
        else:
            missing.append(name)
    return missing


if __name__ == "__main__":
    main(sys.argv[1])
