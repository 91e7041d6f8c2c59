"""Reads the published copy for the command line."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import duckdb

from warehouse.connection import open_serving
from warehouse.errors import WarehouseError
from warehouse.serving import DATABASE
from warehouse.settings import Settings

Rows = list[tuple[Any, ...]]


@contextmanager
def published(settings: Settings) -> Iterator[duckdb.DuckDBPyConnection]:
    """A read-only connection to the serving database, or a clear error when nothing was published yet."""
    path = settings.serving / DATABASE
    if not path.exists():
        raise WarehouseError(f"{path} does not exist yet: run `millrace run` first")
    with open_serving(path) as con:
        yield con
