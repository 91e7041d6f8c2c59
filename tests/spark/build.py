"""Calls dbt on both engines; Spark's part runs in its own environment, as one application."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import yaml

from tests.spark.cluster import cluster, end, environment, python
from warehouse.manifest import Manifest

ROOT = Path(__file__).resolve().parents[2]
PROJECT = ROOT / "dbt_project"
DBT = ["build", "--quiet", "--indirect-selection", "buildable"]
DBT += ["--project-dir", str(PROJECT), "--profiles-dir", str(PROJECT)]
# What reads the memberships is built after the segments, which record them; dbt cannot know this.
STEPS = (["--exclude", "segment_memberships+"], ["--select", "segment_memberships+"])
DUCKDB_SECONDS = 600
TESTS = ["--exclude-resource-type", "test"]


@dataclass(frozen=True)
class Round:
    """One build on both engines for one moment, and where it leaves things."""

    title: str
    as_of: datetime
    folder: Path

    @property
    def raw(self) -> Path:
        """The raw tables as Parquet."""
        return self.folder / "raw"

    @property
    def out(self) -> Path:
        """What Spark built, as Parquet."""
        return self.folder / "spark"

    @property
    def database(self) -> Path:
        """What DuckDB built."""
        return self.folder / "built.duckdb"


def steps(only: str) -> list[list[str]]:
    """The selections of one build, in order."""
    return [["--select", *only.split()]] if only else [list(step) for step in STEPS]


def on_duckdb(database: Path, only: str) -> bool:
    """Build without dbt's data tests, which `make test` runs; returns whether everything was built."""
    good = True
    env = {**os.environ, "MILLRACE_WAREHOUSE": str(database)}
    for step in steps(only):
        command = [str(Path(sys.executable).parent / "dbt"), *DBT, *step]
        command += [
            "--target-path",
            str(database.parent / "target"),
            "--log-path",
            str(database.parent),
        ]
        done = subprocess.run([*command, *TESTS], env=env, timeout=DUCKDB_SECONDS)
        good = good and done.returncode == 0
    return good


def on_spark(
    folder: Path,
    rounds: list[Round],
    manifest: Manifest,
    workers: int,
    seconds: int,
    *,
    with_tests: bool,
    only: str,
) -> None:
    """Start a cluster, build every round on it, end it. Raises when the application itself fails or is too slow."""
    env = environment(ROOT, folder, workers)
    env["MILLRACE_SPARK_WAREHOUSE"] = str(folder / "warehouse")
    target = ["--target", "spark", "--target-path", str(folder / "target-spark")]
    log = ["--log-path", str(folder), "--log-level-file", "info"]
    arguments = [*DBT, *target, *log, *([] if with_tests else TESTS)]
    with cluster(folder, env, workers) as url:
        env["MILLRACE_SPARK_MASTER"] = url
        plan = {
            "settings": profile(env),
            "models": [
                [model.schema, model.name]
                for model in manifest.models.values()
                if model.materialized != "ephemeral"
            ],
            "rounds": [
                {
                    "raw": str(step.raw),
                    "out": str(step.out),
                    "dbt": [[*arguments, *step_arguments] for step_arguments in steps(only)],
                }
                for step in rounds
            ],
        }
        (folder / "plan.json").write_text(json.dumps(plan, indent=1), encoding="utf-8")
        _run(
            [str(python(ROOT)), str(ROOT / "tests/spark/session.py"), str(folder / "plan.json")],
            folder,
            env,
            seconds,
        )


def profile(env: dict[str, str]) -> dict[str, str]:
    """The profile's own session settings, so that the tables are registered and read under the same."""
    text = (PROJECT / "profiles.yml").read_text(encoding="utf-8")
    settings = yaml.safe_load(text)["millrace"]["outputs"]["spark"]["server_side_parameters"]
    settings["spark.master"] = env["MILLRACE_SPARK_MASTER"]
    settings["spark.sql.warehouse.dir"] = env["MILLRACE_SPARK_WAREHOUSE"]
    return {name: str(value) for name, value in settings.items()}


def _run(command: list[str], folder: Path, env: dict[str, str], seconds: int) -> None:
    """Run the application in a group of its own; whatever happens, nothing of it is left running."""
    with (folder / "session.log").open("wb") as out:
        process = subprocess.Popen(
            command,
            cwd=folder,
            env=env,
            stdout=out,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            code = process.wait(timeout=seconds)
        finally:
            end(process)
    if code:
        tail = (folder / "session.log").read_text(encoding="utf-8", errors="replace")[-3000:]
        raise RuntimeError(f"the Spark application ended with {code}:\n{tail}")
