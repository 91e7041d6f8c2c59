"""What every test may ask for: an empty installation in a temporary folder and a fixed moment."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from warehouse.settings import Settings, load

ROOT = Path(__file__).resolve().parent.parent
SHARED = ROOT.parent / "shared"


@pytest.fixture
def as_of() -> datetime:
    """The moment that tests decide for."""
    return datetime(2026, 6, 30, tzinfo=UTC)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """An installation with nothing in it yet."""
    return load({"MILLRACE_HOME": str(tmp_path / "home"), "MILLRACE_AS_OF": "2026-06-30T00:00:00Z"})
