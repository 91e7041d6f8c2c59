"""Rows on their way to landing files, over a dlt pipeline: rows and cursors become durable in one step.

dlt writes what a chunk extracted, and the cursors after it, into a package in its own folder before anything is
delivered. Killed before that, the chunk is read again; killed after it, the next run delivers the package first.
A file's name follows from its rows, so a package that is delivered twice gives one file.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from warehouse.settings import Settings

State = dict[str, Any]
Row = dict[str, Any]
Rows = Iterator[tuple[str, list[Row]]]  # table, and its rows as they will stand in the file
PULLED_AT = "millrace_pulled_at"
HIDDEN = ".pull-"  # how names of unfinished files begin


class Landing:
    """The pipeline of one source: `<home>/loaders/<source>` in, `<home>/landing/<source>/<table>/` out."""

    def __init__(self, settings: Settings, source: str) -> None:
        import dlt

        self.folder = settings.landing / source
        dlt.config["runtime.dlthub_telemetry"] = False
        dlt.config["load.delete_completed_jobs"] = True
        folder = self.folder

        def write_file(items: Any, table: Any) -> None:
            write(folder / str(table["name"]), [item["line"] for item in items])

        deliver = dlt.destination(
            write_file,
            name="landing",
            batch_size=1_000_000,
            loader_file_format="typed-jsonl",
            naming_convention="direct",
            skip_dlt_columns_and_tables=True,
            max_table_nesting=0,
        )
        self._dlt = dlt
        self._pipeline = dlt.pipeline(
            source, destination=deliver, pipelines_dir=str(settings.home / "loaders")
        )

    def finish(self) -> None:
        """Deliver what a run before this one extracted and did not live to deliver."""
        for unfinished in self.folder.glob(f"*/{HIDDEN}*"):
            unfinished.unlink()
        if self._pipeline.has_pending_data:
            self._pipeline.run()

    def tidy(self) -> None:
        """Forget the packages that were delivered; their rows are in the landing files."""
        for package in Path(self._pipeline.working_dir, "load", "loaded").iterdir():
            shutil.rmtree(package)

    def extract(self, read: Callable[[State], Rows]) -> None:
        """Run one chunk: `read` yields rows and moves the cursors in the state before it does."""

        def rows() -> Iterator[Any]:
            state = self._dlt.current.resource_state()
            for table, found in read(state):
                if found:
                    # One opaque column: dlt is not to guess types, split what is nested or round numbers.
                    packed = [{"line": line(row)} for row in found]
                    yield self._dlt.mark.with_table_name(packed, table)

        text: Any = {"line": {"data_type": "text"}}
        self._pipeline.run(self._dlt.resource(rows, name="rows", columns=text)())


def line(row: Row) -> str:
    """A row as one line of a landing file, without its end."""
    return json.dumps(row, ensure_ascii=False, separators=(",", ":"))


def write(folder: Path, lines: list[str]) -> Path:
    """Write one NDJSON file that appears complete or not at all; the same lines give the same file."""
    content = "".join(one + "\n" for one in lines).encode("utf-8")
    moment = "".join(c for c in str(json.loads(lines[0])[PULLED_AT]) if c.isalnum())
    path = folder / f"{moment}-{hashlib.sha256(content).hexdigest()[:12]}.ndjson"
    folder.mkdir(parents=True, exist_ok=True)
    hidden = folder / f"{HIDDEN}{path.name}"
    with hidden.open("wb") as stream:
        stream.write(content)
        stream.flush()
        os.fsync(stream.fileno())
    os.replace(hidden, path)
    return path
