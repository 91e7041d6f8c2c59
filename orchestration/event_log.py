"""Dagster's event log in SQLite, one file per run as by default, with connections that stay open between two events.

A run stores some five thousand events. Dagster's own class opens the file anew for each, and closing the only
connection makes SQLite sync and cut its log: half of a run's time, and a third of its CPU.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, Self

import sqlalchemy as sa
from dagster import StringSource
from dagster._core.storage.event_log import SqliteEventLogStorage
from dagster._core.storage.event_log.sqlite.sqlite_event_log import INDEX_SHARD_NAME
from dagster._serdes import ConfigurableClassData
from sqlalchemy.pool import StaticPool

BUSY_SECONDS = 30


class EventLog(SqliteEventLogStorage):
    """Keeps the connection to the index and to the run it wrote or read last; the lock lets one thread at a time in."""

    def __init__(self, base_dir: str, inst_data: ConfigurableClassData | None = None) -> None:
        self._kept: dict[str, sa.Engine] = {}
        self._there: set[str] = set()
        super().__init__(base_dir, inst_data)

    @classmethod
    def config_type(cls) -> Any:
        """The home of the Dagster instance."""
        return {"home": StringSource}

    @classmethod
    def from_config_value(
        cls, inst_data: ConfigurableClassData | None, config_value: Mapping[str, Any]
    ) -> Self:
        """Where Dagster's own class keeps its files, so that either reads what the other wrote."""
        return cls(str(Path(config_value["home"]) / "history" / "runs"), inst_data)

    @contextmanager
    def _connect(self, shard: str) -> Iterator[sa.Connection]:
        with self._db_lock:
            engine = self._engine(shard)
            with engine.connect() as con, con.begin():
                yield con

    def _engine(self, shard: str) -> sa.Engine:
        if shard not in self._kept:
            # The UI looks at any number of runs: the one before is over, as far as this process goes.
            self._close([name for name in self._kept if INDEX_SHARD_NAME not in (name, shard)])
            engine = sa.create_engine(
                self.conn_string_for_shard(shard),
                poolclass=StaticPool,
                connect_args={"timeout": BUSY_SECONDS, "check_same_thread": False},
            )
            if shard not in self._initialized_dbs:
                self._initdb(engine)
                self._initialized_dbs.add(shard)
            with closing(engine.raw_connection()) as raw:
                # A killed process loses no event; only a machine that loses power may lose the newest.
                raw.cursor().execute("pragma synchronous = normal").close()
            self._kept[shard] = engine
        return self._kept[shard]

    def _close(self, shards: Iterable[str]) -> None:
        for shard in shards:
            self._kept.pop(shard).dispose()

    def has_table(self, table_name: str) -> bool:
        """Whether the index has it; asked for every event, and what is there stays."""
        if table_name not in self._there and super().has_table(table_name):
            self._there.add(table_name)
        return table_name in self._there

    def wipe(self) -> None:
        """Forget all events."""
        with self._db_lock:
            self._close(list(self._kept))
        super().wipe()

    def dispose(self) -> None:
        """Close all files, by which SQLite folds its logs into them."""
        with self._db_lock:
            self._close(list(self._kept))
        super().dispose()
