"""The whole project on a Spark cluster; without .venv-spark and Java only what starts and ends the processes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from tests.spark import cluster as spark

ROOT = Path(__file__).resolve().parents[2]
ABSENT = spark.missing(ROOT)


def left_over(folder: Path) -> list[str]:
    """Running processes that name this folder."""
    found = []
    for process in psutil.process_iter(["cmdline"]):
        command = " ".join(process.info["cmdline"] or [])
        if str(folder) in command and "pytest" not in command:
            found.append(command)
    return found


@pytest.mark.parametrize("behaviour", ["exit 1", "sleep 600"])
def test_a_cluster_that_does_not_come_up_is_ended_and_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, behaviour: str
) -> None:
    """Whether a process dies or hangs, nothing is left running and the error names the logs."""
    program = tmp_path / "bin" / "spark-class"
    program.parent.mkdir()
    program.write_text(f"#!/bin/sh\n{behaviour}\n", encoding="utf-8")
    program.chmod(0o755)
    monkeypatch.setattr(spark, "START_SECONDS", 2)
    env = {"SPARK_HOME": str(tmp_path), "PATH": "/usr/bin:/bin"}

    with (
        pytest.raises(spark.NotReadyError, match=r"master\.log"),
        spark.cluster(tmp_path, env, 2),
    ):
        pytest.fail("there is no cluster to use")

    assert left_over(tmp_path) == []


@pytest.mark.e2e
@pytest.mark.skipif(ABSENT is not None, reason=f"needs Spark: {ABSENT}")
def test_spark_builds_what_duckdb_builds(tmp_path: Path) -> None:
    """Two deliveries, the second incrementally: every row of every model is the same."""
    command = [sys.executable, "-m", "tests.spark", "--home", str(tmp_path), "--contacts", "120"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=3000)

    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
    assert left_over(tmp_path) == []
