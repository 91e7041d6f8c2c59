"""The guides to destinations, followed as written: the reader's own connector passes the whole conformance suite."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
BLOCK = re.compile(r"```python title=\"([^\"]+)\"\n(.*?)```", re.DOTALL)
GUIDES = ("add-a-destination.md", "prove-a-destination.md")
pytestmark = pytest.mark.e2e


def project(folder: Path) -> Path:
    """A copy of what the suite needs, with the files of the guides."""
    for name in ("activations", "tests/activations"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("tests/__init__.py", "tests/conftest.py", "pyproject.toml"):
        shutil.copy(ROOT / name, folder / name)
    for guide in GUIDES:
        text = (ROOT / "docs" / "guides" / guide).read_text(encoding="utf-8")
        for name, content in BLOCK.findall(text):
            assert not (folder / name).exists(), f"{name} is there already"
            (folder / name).write_text(content, encoding="utf-8")
    return folder


def suite(folder: Path, words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pytest", "tests/activations/test_conformance.py", "-q"]
    command += ["-k", words, "-p", "no:cacheprovider"]
    environ = {**os.environ, "PYTHONPATH": str(folder)}
    return subprocess.run(
        command, cwd=folder, env=environ, capture_output=True, text=True, check=False, timeout=300
    )


def test_the_readers_own_connector_passes_the_suite(tmp_path: Path) -> None:
    """Two files, no list to edit."""
    done = suite(project(tmp_path), "loyalty or every_object")

    assert done.returncode == 0, done.stdout[-3000:]
    assert int(re.search(r"(\d+) passed", done.stdout).group(1)) > 30  # type: ignore[union-attr]


def test_a_destination_without_a_stand_in_fails(tmp_path: Path) -> None:
    """A connector that nobody tries does not count, and the suite says which file is missing."""
    folder = project(tmp_path)
    (folder / "tests" / "activations" / "vendors" / "loyalty.py").unlink()

    done = suite(folder, "every_object")

    assert done.returncode == 1
    assert "tests/activations/vendors/<name>.py" in done.stdout
