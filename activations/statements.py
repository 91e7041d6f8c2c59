"""Runs one statement for many rows as the driver does: what SQLAlchemy does for each row costs more than SQLite.

Values must be what the driver takes: text, whole numbers, booleans, None, and moments as `moment` gives them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cache
from operator import itemgetter
from typing import Any

import sqlalchemy as sa
from sqlalchemy.sql.expression import UpdateBase

KIND = sa.DateTime()


def many(con: sa.Connection, statement: UpdateBase, rows: Sequence[Mapping[str, Any]]) -> int:
    """Run `statement`, made once and kept by its module, with the named values of each of `rows`; rows concerned.

    Of a statement for a single row that is what the driver counts, of several whatever it says.
    """
    if not rows:
        return 0
    text, names, fixed = _compiled(statement, con.dialect)
    full = [{**fixed, **row} for row in rows] if fixed else rows
    values: Any
    if names is None:
        values = [dict(row) for row in full]
    elif len(names) == 1:
        values = [(row[names[0]],) for row in full]
    else:
        values = list(map(itemgetter(*names), full))
    return int(con.exec_driver_sql(text, values[0] if len(values) == 1 else values).rowcount)


def moment(con: sa.Connection, value: datetime) -> Any:
    """A moment as the database's driver takes it."""
    process = KIND.dialect_impl(con.dialect).bind_processor(con.dialect)
    return process(value) if process else value


@cache
def _compiled(
    statement: UpdateBase, dialect: sa.Dialect
) -> tuple[str, tuple[str, ...] | None, Mapping[str, Any]]:
    """The statement as text; where its values go by place, their names in that order; values that it fixes itself."""
    made = statement.compile(dialect=dialect)
    names = tuple(made.positiontup) if made.positiontup else None
    return str(made), names, {name: one for name, one in made.params.items() if one is not None}
