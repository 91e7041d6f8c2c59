"""SQLite's dialect for ledgers: all of a process are equal, so that a statement is compiled for the first of them only.

SQLAlchemy keeps what it compiled per engine, and an installation opens its ledger anew for every sync.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import registry
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite

DRIVER = "sqlite+ledger"
registry.register("sqlite.ledger", __name__, "SQLite")
compiled: dict[Any, Any] = {}


class SQLite(SQLiteDialect_pysqlite):
    """Python's own driver; what a dialect finds out when a file is opened is of the library, the same for all files."""

    supports_statement_cache = True

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self)

    def __hash__(self) -> int:
        return hash(type(self))


def engine(url: sa.URL) -> sa.Engine:
    """An engine on a ledger: in a file by the dialect above, and by SQLAlchemy's own in any other database."""
    if url.drivername != "sqlite":
        return sa.create_engine(url)
    return sa.create_engine(
        url.set(drivername=DRIVER), execution_options={"compiled_cache": compiled}
    )
