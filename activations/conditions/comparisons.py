"""A comparison as SQL that is never null, for a typed column or for a property of an event, which is text."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from activations.conditions.durations import Duration
from activations.conditions.language import Comparison
from warehouse.clock import naive
from warehouse.dialect import attempt, json_text, literal

SIGNS = {"eq": "=", "ne": "<>", "gt": ">", "gte": ">=", "lt": "<", "lte": "<="}
TYPES = {
    "text": "varchar",
    "number": "double",
    "bool": "boolean",
    "date": "date",
    "time": "timestamp",
}
NUMBERS = ("int", "double", "float", "decimal", "numeric", "real", "hugeint")


@dataclass(frozen=True)
class Compared:
    """`test` is true or false, never null; `broken` is null or what is wrong with the value, both SQL."""

    test: str
    broken: str | None = None


def family(data_type: str) -> str:
    """text, number, bool, date or time."""
    kind = data_type.lower()
    if any(word in kind for word in NUMBERS):
        return "number"
    if kind.startswith("bool"):
        return "bool"
    if kind.startswith("timestamp"):
        return "time"
    return "date" if kind == "date" else "text"


def compare(column: str, data_type: str, asked: Comparison, as_of: dt.datetime) -> Compared:
    """`column` (SQL) of `data_type` against `asked`."""
    kind = family(data_type)
    tests = [_test(column, kind, name, value, as_of) for name, value in asked.given().items()]
    return Compared(" and ".join(tests))


def compare_property(document: str, name: str, asked: Comparison, as_of: dt.datetime) -> Compared:
    """A property of a JSON document: read as a number where it is compared with one; `broken` where it is none."""
    raw = json_text(document, name)
    kind = property_family(asked)
    data_type = TYPES[kind]
    typed = raw if kind == "text" else attempt(raw, data_type)
    compared = compare(typed, data_type, asked, as_of)
    if kind == "text":
        return compared
    words = {"number": "number", "bool": "truth value"}.get(kind, "date")
    broken = (
        f"case when {raw} is not null and {typed} is null "
        f"then {literal(name + ' is no ' + words + ': ')} || substr({raw}, 1, 40) end"
    )
    return Compared(compared.test, broken)


def property_family(asked: Comparison) -> str:
    """Which kind of value the comparison expects."""
    given = asked.given()
    if "older_than" in given or "newer_than" in given:
        return "time"
    values = [
        v for value in given.values() for v in (value if isinstance(value, tuple) else (value,))
    ]
    numbers = [v for name, v in given.items() if name != "exists"]
    if not numbers:
        return "text"
    if all(isinstance(v, bool) for v in values):
        return "bool"
    if all(isinstance(v, int | float) and not isinstance(v, bool) for v in values):
        return "number"
    if all(isinstance(v, dt.datetime) for v in values):
        return "time"
    if all(isinstance(v, dt.date) for v in values):
        return "date"
    return "text"


def problem(data_type: str, asked: Comparison) -> str | None:
    """What does not go together: a number compared with a word, `contains` on a date."""
    kind = family(data_type)
    for name, value in asked.given().items():
        values = value if isinstance(value, tuple) else (value,)
        if name in ("contains", "starts_with") and kind != "text":
            return f"`{name}` asks for text, the column is {data_type}"
        if name in ("older_than", "newer_than"):
            if kind not in ("date", "time"):
                return f"`{name}` asks for a date or time, the column is {data_type}"
            continue
        if name == "exists":
            continue
        for one in values:
            try:
                _value(one, kind)
            except ValueError:
                return f"{one!r} is no {kind}, the column is {data_type}"
    return None


def is_by_time(asked: Comparison) -> bool:
    """Whether passing time alone can change the answer."""
    return asked.older_than is not None or asked.newer_than is not None


def _test(column: str, kind: str, name: str, value: Any, as_of: dt.datetime) -> str:
    match name:
        case "exists":
            return f"{column} is {'not ' if value else ''}null"
        case "in" | "not_in":
            listed = ", ".join(_value(one, kind) for one in value)
            test = f"coalesce({column} in ({listed}), false)"
            return test if name == "in" else f"not {test}"
        case "contains":
            return f"coalesce(position({literal(value.lower())} in lower({column})) > 0, false)"
        case "starts_with":
            return f"coalesce(substr(lower({column}), 1, {len(value)}) = {literal(value.lower())}, false)"
        case "older_than" | "newer_than":
            limit = literal(ago(as_of, value))
            sign = "<=" if name == "older_than" else ">"
            return f"coalesce(cast({column} as timestamp) {sign} {limit}, false)"
        case "ne":
            return f"{column} is distinct from {_value(value, kind)}"
        case _:
            return f"coalesce({column} {SIGNS[name]} {_value(value, kind)}, false)"


def ago(as_of: dt.datetime, length: Duration) -> dt.datetime:
    """The naive moment so long before `as_of`."""
    return naive(as_of) - dt.timedelta(seconds=length.total_seconds)


def _value(value: Any, kind: str) -> str:
    if kind == "number":
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise ValueError(value)
        return literal(value)
    if kind == "bool":
        if not isinstance(value, bool):
            raise ValueError(value)
        return literal(value)
    if kind in ("date", "time"):
        if isinstance(value, str):
            value = dt.datetime.fromisoformat(value)
        if not isinstance(value, dt.date):
            raise ValueError(value)
        if kind == "date" and isinstance(value, dt.datetime):
            value = value.date()
        if isinstance(value, dt.datetime) and value.tzinfo is not None:
            value = naive(value)
        return literal(value)
    if isinstance(value, dt.date):
        return literal(value.isoformat())
    return literal(str(value).lower() if isinstance(value, bool) else str(value))
