"""Runs one statement for many rows as the driver does: what SQLAlchemy does for each row costs more than SQLite.

Values must be what the driver takes: text, whole numbers, booleans, None, and moments as `moment` gives them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.sql.expression import UpdateBase

KIND = sa.DateTime()


def many(con: sa.Connection, statement: UpdateBase, rows: Sequence[Mapping[str, Any]]) -> None:
    """Run `statement`, made once and kept by its module, with the named values of each of `rows`."""
    if not rows:
        return
    text, names = _compiled(statement, con.dialect)
    if names is None:
        con.exec_driver_sql(text, [dict(row) for row in rows])
    else:
        con.exec_driver_sql(text, [tuple([row[name] for name in names]) for row in rows])


def moment(con: sa.Connection, value: datetime) -> Any:
    """A moment as the database's driver takes it."""
    process = KIND.dialect_impl(con.dialect).bind_processor(con.dialect)
    return process(value) if process else value


@cache
def _compiled(statement: UpdateBase, dialect: sa.Dialect) -> tuple[str, tuple[str, ...] | None]:
    """The statement as text and, where its values go by place, their names in that order."""
    made = statement.compile(dialect=dialect)
    names = tuple(made.positiontup) if made.positiontup else None
    return str(made), names
