"""How much a commit of the ledger outlives: the end of the process always, a power cut where a message depends on it.

SQLite's log is written by `write`, so what a killed process committed is there whatever happens to the process. Syncing
it to the disk at every commit is what a power cut asks for. Where sending a row again changes nothing, a power cut may
undo the last commits: their rows are planned or in flight as before, and go once more. The commit that closes a run
syncs the log, and all that stands in it before.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy as sa


@contextmanager
def commit(engine: sa.Engine, *, through_power_cut: bool) -> Iterator[sa.Connection]:
    """A transaction, committed when the block ends. What other databases than SQLite promise is their setting."""
    if through_power_cut or engine.dialect.name != "sqlite":
        with engine.begin() as con:
            yield con
        return
    with engine.connect() as con:
        con.exec_driver_sql("pragma synchronous = normal")
        try:
            yield con
            con.commit()
        finally:
            con.rollback()  # nothing after a commit; the level may not be changed within a transaction
            con.exec_driver_sql("pragma synchronous = full")
