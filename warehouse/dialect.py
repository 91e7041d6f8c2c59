"""The small set of functions through which Python builds SQL, so that values and names are always quoted one way.

They produce the subset that DuckDB and Spark share; `literal` covers what a plan or a loader needs, nothing else.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from datetime import date, datetime
from pathlib import Path


def ident(*parts: str) -> str:
    """A quoted, dotted name: `ident("marts", "dim_contacts")`. Refuses empty parts and NUL."""
    if not parts or any(not part or "\0" in part for part in parts):
        raise ValueError(f"not a name: {parts!r}")
    return ".".join('"' + part.replace('"', '""') + '"' for part in parts)


def literal(value: object) -> str:
    """A SQL literal for text, numbers, booleans, dates, naive UTC timestamps, paths and None."""
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case int():
            return str(value)
        case float():
            if not math.isfinite(value):
                raise ValueError(f"{value} has no portable literal")
            return repr(value)
        case datetime():
            if value.tzinfo is not None:
                raise ValueError("pass a naive UTC time; see warehouse.clock.naive")
            return f"cast('{value.isoformat(sep=' ')}' as timestamp)"
        case date():
            return f"cast('{value.isoformat()}' as date)"
        case str() | Path():
            return "'" + str(value).replace("'", "''") + "'"
        case _:
            raise TypeError(f"no SQL literal for {type(value).__name__}")


def columns(names: Iterable[str], alias: str | None = None) -> str:
    """A comma-separated column list, each name quoted and prefixed with `alias` where given."""
    return ", ".join(ident(alias, name) if alias else ident(name) for name in names)


def local_time(moment: str, zone: str) -> str:
    """SQL for the wall-clock time of the UTC timestamp `moment` in the IANA zone that the SQL `zone` names."""
    return f"timezone({zone}, timezone('UTC', {moment}))"


def utc_time(wall_clock: str, zone: str) -> str:
    """SQL for the UTC timestamp of a wall-clock time; one that the clocks skip moves forward, of two the later."""
    return f"timezone('UTC', timezone({zone}, {wall_clock}))"
