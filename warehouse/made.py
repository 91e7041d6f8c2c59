"""Which families of tables a connection was found to have, so that each is looked for once per connection."""

from __future__ import annotations

from collections.abc import Mapping
from weakref import WeakKeyDictionary

import duckdb

_made: WeakKeyDictionary[duckdb.DuckDBPyConnection, set[frozenset[tuple[str, str]]]] = (
    WeakKeyDictionary()
)


def known(con: duckdb.DuckDBPyConnection, tables: Mapping[str, str]) -> bool:
    """Whether `note` was told that this connection has these tables (`name`: columns)."""
    return frozenset(tables.items()) in _made.get(con, ())


def note(con: duckdb.DuckDBPyConnection, tables: Mapping[str, str]) -> None:
    """Remember that these tables are there, until the connection is closed or rolled back."""
    _made.setdefault(con, set()).add(frozenset(tables.items()))


def forget(con: duckdb.DuckDBPyConnection) -> None:
    """What a transaction made is gone with it."""
    _made.pop(con, None)
