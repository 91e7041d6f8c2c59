"""A warehouse for tests of models: rows in, chosen models built with everything they read, rows out."""

from __future__ import annotations

import atexit
import functools
import json
import shutil
import tempfile
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from warehouse import builds, clock
from warehouse.connection import connect
from warehouse.contract import contracts
from warehouse.internal import ensure, set_clock
from warehouse.load import load_table
from warehouse.manifest import load_manifest
from warehouse.settings import Settings, load
from warehouse.transform import build

AS_OF = datetime(2026, 6, 30, tzinfo=UTC)


class Installation:
    """A warehouse below `home` in which nothing was landed; the first build begins with a copy of `without_rows`."""

    def __init__(self, home: Path) -> None:
        self.settings = load({"MILLRACE_HOME": str(home)})
        self._files = 0

    def copy(self, home: Path) -> Installation:
        """The same rows, landed and built, below another folder."""
        shutil.copytree(self.settings.home, home, dirs_exist_ok=True)
        copied = Installation(home)
        copied._files = self._files
        return copied

    def land(self, table: str, rows: Iterable[dict[str, Any]]) -> None:
        """Put rows into a new landing file of `<source>.<table>`."""
        self._files += 1
        folder = self.settings.landing / table.replace(".", "/")
        folder.mkdir(parents=True, exist_ok=True)
        lines = "".join(json.dumps(row) + "\n" for row in rows)
        (folder / f"{self._files:04}.ndjson").write_text(lines, encoding="utf-8")

    def build(self, *names: str, as_of: datetime = AS_OF) -> list[str]:
        """Load what was landed, then build `names` and what they read, where out of date; returns what was built."""
        if names:
            begin_without_rows(self.settings)
        manifest = load_manifest(self.settings)
        known = contracts(manifest)
        with connect(self.settings) as con:
            ensure(con, known)
            set_clock(con, as_of)
            for contract in known.values():
                for result in load_table(con, self.settings, contract, clock.now()):
                    assert result.rows_quarantined == 0, result
            current = builds.fingerprints(con, self.settings, manifest)
            todo = builds.stale(con, manifest, current, manifest.with_inputs(names))
            builds.forget_outgrown(con, manifest, current, todo)
        results = build(self.settings, todo, unit_tests=False) if todo else []
        assert [f"{r.name}: {r.message}" for r in results if not r.passed] == []
        with connect(self.settings) as con:
            builds.record(con, current, todo, clock.now())
        return todo

    def rows(self, query: str, values: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        """The rows of a query."""
        with connect(self.settings) as con:
            return con.execute(query, list(values)).fetchall()


def begin_without_rows(settings: Settings) -> None:
    """Where there is no warehouse yet: the one of `without_rows`."""
    if not settings.database.exists():
        settings.home.mkdir(parents=True, exist_ok=True)
        shutil.copy(without_rows(), settings.database)


@functools.cache
def without_rows() -> Path:
    """A warehouse with the seeds, and every view that reads no table of another model; made once per process.

    A view holds no rows: one that was made beforehand is the view that a first build makes. `build` makes those anew,
    and tests them, whose sources have got rows; tables it finds none, and makes them all. Never open it: copy it.
    """
    folder = tempfile.TemporaryDirectory(prefix="millrace-views-")
    atexit.register(folder.cleanup)
    made = Installation(Path(folder.name))
    with connect(made.settings):
        pass  # There is a warehouse from here on, so that its own build asks for none.
    manifest = load_manifest(made.settings)
    by_id = {model.unique_id: model for model in manifest.models.values()}

    @functools.cache
    def is_only_views(unique_id: str) -> bool:
        model = by_id.get(unique_id)
        return model is None or (
            model.materialized in ("view", "ephemeral")
            and all(is_only_views(parent) for parent in model.depends_on)
        )

    made.build(*(model.name for model in by_id.values() if is_only_views(model.unique_id)))
    return made.settings.database
