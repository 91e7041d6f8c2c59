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


def json_text(document: str, key: str) -> str:
    """The text of one key of a JSON object held as text; null where it is missing or JSON's null."""
    path = '$."' + key.replace('"', '\\"') + '"'
    return f"json_extract_string({document}, {literal(path)})"


def json_object(pairs: Iterable[tuple[str, str]]) -> str:
    """A JSON object as text, from names and SQL expressions."""
    parts = ", ".join(f"{literal(name)}, {expression}" for name, expression in pairs)
    return f"cast(json_object({parts}) as varchar)"


def attempt(expression: str, data_type: str) -> str:
    """The value as `data_type`, null where it is none."""
    return f"try_cast({expression} as {data_type})"


def local_time(moment: str, zone: str) -> str:
    """SQL for the wall-clock time of the UTC timestamp `moment` in the IANA zone that the SQL `zone` names."""
    return f"timezone({zone}, timezone('UTC', {moment}))"


def utc_time(wall_clock: str, zone: str) -> str:
    """SQL for the UTC timestamp of a wall-clock time; one that the clocks skip moves forward, of two the later."""
    return f"timezone('UTC', timezone({zone}, {wall_clock}))"


def add(moment: str, *, months: str = "0", days: str = "0", seconds: str = "0") -> str:
    """A moment so much later; the amounts are SQL expressions of whole numbers."""
    parts = ((months, "to_months"), (days, "to_days"), (seconds, "to_seconds"))
    added = "".join(f" + {name}(cast({n} as integer))" for n, name in parts if n != "0")
    return f"({moment}{added})"


def bucket(text: str, buckets: int) -> str:
    """A whole number from 0 to `buckets` - 1, the same for the same text on every engine: md5's first 8 digits."""
    return f"(cast('0x' || substr(md5({text}), 1, 8) as bigint) % {buckets})"


def fast_hash(expressions: Iterable[str]) -> str:
    """A number of 64 bits over values of any types, NULLs included; another version of the engine gives another."""
    return f"hash({', '.join(expressions)})"


def nth_least(value: str, n: int, test: str) -> str:
    """Aggregate: the n-th smallest `value` (from 1) of the rows that pass `test`; null where fewer do."""
    if n == 1:
        return f"min({value}) filter (where {test})"
    return f"list_extract(min({value}, {n}) filter (where {test}), {n})"
