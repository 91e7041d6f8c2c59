"""What every test may ask for: an empty installation in a temporary folder and a fixed moment."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import hypothesis
import pytest

from cli.exit import leave
from warehouse.memory import look_seldom
from warehouse.settings import Settings, load

ROOT = Path(__file__).resolve().parent.parent
SHARED = ROOT.parent / "shared"
EXIT_STATUS = pytest.StashKey[int]()
# Files and folders below tests/ that take half a minute and more, the longest first (`--durations=60`).
LONGEST = (
    "activations/test_conformance.py",
    "e2e/test_shop.py",
    "real/test_real_data.py",
    "orchestration/test_erase.py",
    "e2e/test_erase.py",
    "orchestration/test_erase_deliveries.py",
    "activations/actions/test_vendors.py",
    "e2e/",
    "guides/",
    "warehouse/test_erased.py",
    "models/",
    "sources/",
    "real/",
)
# As the command does; without, a third of the suite's CPU is spent looking for cycles.
look_seldom()
# How long an example takes says something about the machine alone: a busy one would fail it.
hypothesis.settings.register_profile("untimed", deadline=None)
hypothesis.settings.load_profile("untimed")


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """Remember how it ended."""
    session.config.stash[EXIT_STATUS] = int(exitstatus)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What takes longest goes first, so that no core waits for it at the end; the rest as it was shuffled."""

    def place(item: pytest.Item) -> int:
        path = item.path.as_posix()
        return next((n for n, one in enumerate(LONGEST) if f"/tests/{one}" in path), len(LONGEST))

    items.sort(key=place)


@pytest.hookimpl(trylast=True)
def pytest_unconfigure(config: pytest.Config) -> None:
    """Leave at once: DuckDB's binding otherwise buries the summary under pages about leaked objects."""
    # A worker still has its results to hand in.
    if EXIT_STATUS in config.stash and not hasattr(config, "workerinput"):
        leave(config.stash[EXIT_STATUS])


@pytest.fixture
def as_of() -> datetime:
    """The moment that tests decide for."""
    return datetime(2026, 6, 30, tzinfo=UTC)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """An installation with nothing in it yet."""
    return load({"MILLRACE_HOME": str(tmp_path / "home"), "MILLRACE_AS_OF": "2026-06-30T00:00:00Z"})
