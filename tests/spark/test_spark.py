"""The whole project on a Spark cluster; without .venv-spark and Java only what starts and ends the processes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from tests.spark import cluster as spark

ROOT = Path(__file__).resolve().parents[2]
ABSENT = spark.missing(ROOT)


def left_over(folder: Path) -> list[str]:
    """Other running processes that name this folder."""
    found = []
    for process in psutil.process_iter(["cmdline"]):
        command = " ".join(process.info["cmdline"] or [])
        if str(folder) in command and process.pid != os.getpid():
            found.append(command)
    return found


def pretend(tmp_path: Path, behaviour: str) -> dict[str, str]:
    """An environment in which Spark's start script does something else."""
    program = tmp_path / "bin" / "spark-class"
    program.parent.mkdir()
    program.write_text(f"#!/bin/sh\n{behaviour}\n", encoding="utf-8")
    program.chmod(0o755)
    return {"SPARK_HOME": str(tmp_path), "PATH": "/usr/bin:/bin"}


@pytest.mark.parametrize("behaviour", ["exit 1", "sleep 600"])
def test_a_cluster_that_does_not_come_up_is_ended_and_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, behaviour: str
) -> None:
    """Whether a process dies or hangs, nothing is left running and the error names the logs."""
    monkeypatch.setattr(spark, "START_SECONDS", 2)
    env = pretend(tmp_path, behaviour)

    with (
        pytest.raises(spark.NotReadyError, match=r"master\.log"),
        spark.cluster(tmp_path, env, 2),
    ):
        pytest.fail("there is no cluster to use")

    assert left_over(tmp_path) == []


def test_whoever_is_told_to_stop_ends_the_cluster_first(tmp_path: Path) -> None:
    """SIGTERM, as `timeout` and schedulers send it, leaves nothing running either."""
    code = (
        "import sys; from pathlib import Path; from tests.spark.cluster import cluster, end_with_sigterm\n"
        "end_with_sigterm(); folder = Path(sys.argv[1])\n"
        "with cluster(folder, {'SPARK_HOME': sys.argv[1], 'PATH': '/usr/bin:/bin'}, 1): pass\n"
    )
    pretend(tmp_path, "sleep 600")
    child = subprocess.Popen([sys.executable, "-c", code, str(tmp_path)], cwd=ROOT)
    try:
        deadline = time.monotonic() + 30
        while len(left_over(tmp_path)) < 3 and time.monotonic() < deadline:
            time.sleep(0.1)
        assert len(left_over(tmp_path)) >= 3, "the child and both pretended processes"
    finally:
        child.send_signal(signal.SIGTERM)
        code_of_exit = child.wait(timeout=60)

    assert code_of_exit == 128 + signal.SIGTERM
    assert left_over(tmp_path) == []


@pytest.mark.e2e
@pytest.mark.skipif(ABSENT is not None, reason=f"needs Spark: {ABSENT}")
def test_spark_builds_what_duckdb_builds(tmp_path: Path) -> None:
    """Two deliveries, the second incrementally: every row of every model is the same."""
    command = [sys.executable, "-m", "tests.spark", "--home", str(tmp_path), "--contacts", "120"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=3000)

    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
    assert left_over(tmp_path) == []
