"""The official SDKs, unchanged, against a front door killed under them: nothing acknowledged is lost or doubled."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from benchmarks.collector import install_node, storm

pytestmark = pytest.mark.e2e


def test_python_sdk_through_kills(tmp_path: Path) -> None:
    figures = storm(tmp_path, 6000, 2, None)

    assert (figures["kills"], figures["acknowledged"]) == (2, 6000)
    assert (figures["lost"], figures["doubled"], figures["quarantined"]) == (0, 0, 0)


@pytest.mark.skipif(shutil.which("npm") is None, reason="Node is not installed here")
def test_node_sdk_through_kills(tmp_path: Path) -> None:
    try:
        node = install_node(tmp_path / "sdk")
    except subprocess.CalledProcessError as error:
        pytest.skip(f"npm could not install the SDK: {error.stderr[-200:]!r}")
    figures = storm(tmp_path / "home", 8000, 2, node)

    assert (figures["kills"], figures["acknowledged"]) == (2, 8000)
    assert (figures["lost"], figures["doubled"], figures["quarantined"]) == (0, 0, 0)
