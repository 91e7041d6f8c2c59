"""Where things are and what time it is said to be, read from the environment once, by whoever starts a process."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from warehouse.errors import SettingsError

# A key that somebody can guess signs for nobody.
SHORTEST_KEY = 32
ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Settings:
    """Paths and switches of one installation; `as_of` is an aware UTC time or None for the real clock."""

    home: Path
    ledger_url: str
    as_of: datetime | None
    project: Path = ROOT
    lock_timeout_seconds: float = 900.0
    memory_limit: str | None = None
    threads: int | None = None
    erasure_key: str | None = field(default=None, repr=False)
    signing_keys: tuple[str, ...] = field(default=(), repr=False)
    """Seal the links in messages: the first seals, all open."""
    public_url: str | None = None
    """Where people reach the front door: what links in messages begin with."""
    feed_key: str | None = field(default=None, repr=False)
    """Makes the names by which decisions are asked for."""

    @property
    def landing(self) -> Path:
        """Folder of files that wait to be loaded: `<source>/<table>/<file>`."""
        return self.home / "landing"

    @property
    def database(self) -> Path:
        """The DuckDB file that the pipeline writes and nobody else opens."""
        return self.home / "warehouse.duckdb"

    @property
    def serving(self) -> Path:
        """Folder of the published copy that BI tools read."""
        return self.home / "serving"

    @property
    def models(self) -> Path:
        """Folder of trained models, one folder per model and version."""
        return self.home / "models"

    @property
    def dbt_project(self) -> Path:
        """Folder of `dbt_project.yml`."""
        return self.project / "dbt_project"

    @property
    def dbt_target(self) -> Path:
        """Folder of dbt's compiled output and manifest."""
        return self.dbt_project / "target"


def load(environ: Mapping[str, str] | None = None) -> Settings:
    """Read `MILLRACE_*` from `environ` (default: the process environment).

    Raises SettingsError when a value cannot be understood.
    """
    env = os.environ if environ is None else environ
    home = Path(env.get("MILLRACE_HOME") or ROOT / "data").expanduser().resolve()
    return Settings(
        home=home,
        ledger_url=env.get("MILLRACE_LEDGER_URL") or f"sqlite:///{home / 'ledger.sqlite'}",
        as_of=_timestamp("MILLRACE_AS_OF", env.get("MILLRACE_AS_OF")),
        lock_timeout_seconds=_number(env, "MILLRACE_LOCK_TIMEOUT_SECONDS", 900.0),
        memory_limit=env.get("MILLRACE_MEMORY_LIMIT") or None,
        threads=int(_number(env, "MILLRACE_THREADS", 0)) or None,
        erasure_key=env.get("MILLRACE_ERASURE_KEY") or None,
        signing_keys=_signing_keys(env.get("MILLRACE_COLLECTOR_SIGNING_KEY") or ""),
        public_url=(env.get("MILLRACE_COLLECTOR_PUBLIC_URL") or "").rstrip("/") or None,
        feed_key=env.get("MILLRACE_FEED_KEY") or None,
    )


def _signing_keys(text: str) -> tuple[str, ...]:
    keys = tuple(part.strip() for part in text.split(",") if part.strip())
    if any(len(key) < SHORTEST_KEY for key in keys):
        raise SettingsError(
            f"MILLRACE_COLLECTOR_SIGNING_KEY needs {SHORTEST_KEY} characters or more for each key; "
            "make one with `openssl rand -hex 32`"
        )
    return keys


def _timestamp(name: str, text: str | None) -> datetime | None:
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        message = f"{name}={text!r} is not a time; write it as 2026-06-30T00:00:00Z"
        raise SettingsError(message) from error
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)


def _number(env: Mapping[str, str], name: str, default: float) -> float:
    text = env.get(name)
    if not text:
        return default
    try:
        return float(text)
    except ValueError as error:
        raise SettingsError(f"{name}={text!r} is not a number") from error
