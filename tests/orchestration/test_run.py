"""Runs share one Dagster instance, whose tables are made by whoever comes first."""

import os
import subprocess
import sys
from pathlib import Path

OPEN = """
from orchestration.run import instance
from warehouse.settings import load
with instance(load()) as opened:
    print("runs", opened.get_runs_count())
"""


def test_instance_can_be_opened_first_by_several_at_once(tmp_path: Path) -> None:
    environ = {**os.environ, "MILLRACE_HOME": str(tmp_path)}
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", OPEN],
            env=environ,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(4)
    ]
    answers = [process.communicate(timeout=120) for process in processes]

    assert [out for out, _ in answers] == ["runs 0\n"] * 4, "\n".join(err for _, err in answers)
