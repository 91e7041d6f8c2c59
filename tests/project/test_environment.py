"""Every setting is listed in .env.example and in the settings page, and nothing is listed that nobody reads."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
NAME = re.compile(r"MILLRACE_[A-Z0-9_]*[A-Z0-9]")


def used() -> set[str]:
    """The variables that the code and the dbt project read."""
    files = [
        path
        for package in (
            "warehouse",
            "ml",
            "activations",
            "loaders",
            "orchestration",
            "collector",
            "cli",
        )
        for path in (ROOT / package).rglob("*.py")
    ] + [ROOT / "dbt_project" / "profiles.yml"]
    return {name for path in files for name in NAME.findall(path.read_text(encoding="utf-8"))}


def listed(path: Path) -> set[str]:
    """The variables that a page names."""
    return set(NAME.findall(path.read_text(encoding="utf-8")))


def test_env_example_lists_exactly_what_is_read() -> None:
    """A setting nobody can find does not exist; a setting nobody reads is a lie."""
    assert listed(ROOT / ".env.example") == used()
