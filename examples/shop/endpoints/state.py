"""Durable state of the endpoints: one SQLite document store, committed before any answer leaves."""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

Body = dict[str, Any]

SCHEMA = """
create table if not exists objects (
    vendor text not null, kind text not null, id text not null, key text not null,
    body text not null,
    primary key (vendor, kind, id)
) without rowid;
create unique index if not exists objects_by_key on objects (vendor, kind, key);
create table if not exists counters (name text primary key, value integer not null) without rowid;
create table if not exists requests (
    number integer primary key, method text, path text, query text, headers text, body text,
    status integer, fault text
);
"""


class Objects:
    """One vendor's objects inside one transaction; per kind ids count up and keys are unique."""

    def __init__(self, connection: sqlite3.Connection, vendor: str) -> None:
        self._connection = connection
        self._vendor = vendor

    def next_id(self, kind: str) -> str:
        """The next number of this kind, as text, starting at 1."""
        row = self._connection.execute(
            "insert into counters values (?, 1) on conflict (name) do update set value = value + 1"
            " returning value",
            (f"{self._vendor}/{kind}",),
        ).fetchone()
        return str(row[0])

    def put(self, kind: str, key: str, body: Body) -> Body:
        """Write an object under its id; an object without one is given the next number."""
        body.setdefault("id", None)
        body["id"] = body["id"] or self.next_id(kind)
        self._connection.execute(
            "insert into objects values (?, ?, ?, ?, ?) on conflict (vendor, kind, id)"
            " do update set key = excluded.key, body = excluded.body",
            (self._vendor, kind, body["id"], key, json.dumps(body)),
        )
        return body

    def get(self, kind: str, identifier: object) -> Body | None:
        """The object with this id."""
        return self._one("id", kind, identifier)

    def find(self, kind: str, key: str) -> Body | None:
        """The object with this natural key."""
        return self._one("key", kind, key)

    def _one(self, column: str, kind: str, value: object) -> Body | None:
        row = self._connection.execute(
            f"select body from objects where vendor = ? and kind = ? and {column} = ?",
            (self._vendor, kind, str(value)),
        ).fetchone()
        return json.loads(row[0]) if row else None

    def remove(self, kind: str, identifier: object) -> bool:
        """Delete by id; whether there was one."""
        return (
            self._connection.execute(
                "delete from objects where vendor = ? and kind = ? and id = ?",
                (self._vendor, kind, str(identifier)),
            ).rowcount
            > 0
        )

    def all(self, kind: str, prefix: str = "") -> list[Body]:
        """Every object of a kind whose key starts with the prefix, ordered by key."""
        rows = self._connection.execute(
            "select body from objects where vendor = ? and kind = ? and key >= ? and key < ?"
            " order by key",
            (self._vendor, kind, prefix, prefix + "\U0010ffff"),
        )
        return [json.loads(body) for (body,) in rows]


class Store:
    """The file (or memory, without one) behind the endpoints; one writer at a time, any thread."""

    def __init__(self, path: Path | None = None) -> None:
        if path is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
        self._lock = threading.Lock()
        self._connection = sqlite3.connect(
            path or ":memory:", check_same_thread=False, isolation_level=None, timeout=30
        )
        self._connection.execute("pragma journal_mode = wal")
        # Survives the end of the process at any instant; only a power cut could lose a commit.
        self._connection.execute("pragma synchronous = normal")
        self._connection.executescript(SCHEMA)

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Commit at the end of the block, roll back if it raises."""
        with self._lock:
            self._connection.execute("begin immediate")
            try:
                yield self._connection
            except BaseException:
                self._connection.execute("rollback")
                raise
            self._connection.execute("commit")

    def requests(self, after: int = 0, limit: int = -1) -> list[Body]:
        """Recorded requests in the order they were received, those with a number above `after`."""
        with self.transaction() as connection:
            cursor = connection.execute(
                "select * from requests where number > ? order by number limit ?", (after, limit)
            )
            names = [column[0] for column in cursor.description]
            rows = [dict(zip(names, row, strict=True)) for row in cursor]
        for row in rows:
            row["query"], row["headers"] = json.loads(row["query"]), json.loads(row["headers"])
        return rows

    def close(self) -> None:
        """Fold the write-ahead log into the file and let go of it."""
        with self._lock:
            self._connection.close()
