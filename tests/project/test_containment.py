"""What may be committed: no data, no build output, no secrets, no hosts of package registries, no machine's paths."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FORBIDDEN_NAMES = re.compile(
    r"\.(duckdb|wal|sqlite|db|pkl|pickle|parquet|pyc|pem|key)$|(^|/)(target|\.venv|node_modules)/"
)
FORBIDDEN_TEXT = {
    "a registry's address": re.compile(
        r"https?://[^ \"']*\.(whl|tar\.gz|tgz)|index" + r"-url \S*:/"
    ),
    "a private key": re.compile(r"BEGIN [A-Z ]*PRIVATE" + " KEY"),
    "a live token": re.compile(r"\b(pat-na1-[0-9a-f]{8}|SG\.[\w-]{20,}\.|xox[bp]-\d+)"),
    "a home folder": re.compile(r"/(root|home/\w+|Users/\w+)/"),
}
LARGEST_BYTES = 700_000


def tracked() -> list[Path]:
    """The files that git tracks."""
    try:
        listed = subprocess.run(
            ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True
        )
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("not a git checkout")
    return [ROOT / name for name in listed.stdout.splitlines() if (ROOT / name).is_file()]


def test_no_data_and_no_build_output_is_tracked() -> None:
    """Databases, models, caches and keys stay out of git."""
    found = [
        path.relative_to(ROOT).as_posix()
        for path in tracked()
        if FORBIDDEN_NAMES.search(path.relative_to(ROOT).as_posix())
    ]

    assert found == []


def test_no_tracked_file_is_large() -> None:
    """A large file is data; the lock file is the largest thing that belongs here."""
    found = [path.name for path in tracked() if path.stat().st_size > LARGEST_BYTES]

    assert found == []


def test_no_tracked_text_holds_secrets_hosts_or_machine_paths() -> None:
    """What is published must not say where or by whom it was made."""
    found = []
    for path in tracked():
        text = path.read_text(encoding="utf-8", errors="replace")
        for what, pattern in FORBIDDEN_TEXT.items():
            if match := pattern.search(text):
                found.append(f"{path.relative_to(ROOT)}: {what}: {match.group(0)}")

    assert found == []
