"""How a column of a sync model is written before it is compared and sent: one text per value, whatever the engine.

Float noise, -0.0 against 0.0, NaN against NULL and the spelling of times are not changes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import duckdb

from activations.errors import DefinitionError
from warehouse.dialect import fast_hash, ident, literal

SEPARATOR = "chr(31)"
HASH_LENGTH = 8  # hex digits kept per column, only to name what changed
EMPTY_HASH = "-" * HASH_LENGTH
DECIMALS = 9
WHOLE = frozenset(
    {"TINYINT", "SMALLINT", "INTEGER", "BIGINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT"}
)


def value(name: str, data_type: str, place: str) -> str:
    """SQL for the canonical value of column `name`; raises DefinitionError for types that nothing can carry."""
    column, kind = ident(name), data_type.upper()
    base = kind.split("(")[0].strip()
    if base == "VARCHAR" or base in WHOLE or base == "BOOLEAN":
        return column
    if base in {"DOUBLE", "FLOAT"}:
        number = f"cast({column} as double)"
        finite = f"isfinite({number})"
        return f"case when {finite} then round({number}, {DECIMALS}) + 0.0 end"
    if base == "DECIMAL":
        return f"cast({column} as double)"
    if base == "DATE" or base in {"HUGEINT", "UHUGEINT", "UUID", "JSON"}:
        return f"cast({column} as varchar)"
    if base.startswith("TIMESTAMP"):
        return f"strftime(cast({column} as timestamp), '%Y-%m-%dT%H:%M:%SZ')"
    if base.startswith("ENUM"):
        return f"cast({column} as varchar)"
    raise DefinitionError(
        f"{place}: column {name} is {data_type}; cast it to text, number, boolean or time"
    )


def key(column: str) -> str:
    """SQL for a normalised key: trimmed, lower case, NULL when blank."""
    return f"nullif(lower(trim(cast({column} as varchar))), '')"


def row_hash(columns: Sequence[str], alias: str) -> str:
    """SQL for md5 over `name=value` of the columns that are not NULL, by name, so that order never matters."""
    return f"md5(concat_ws({SEPARATOR}, '', {', '.join(_pairs(columns, alias))}))"


def quick_hash(columns: Mapping[str, tuple[str, str]]) -> str:
    """SQL for a number of 64 bits over columns given as name: (type, SQL of the canonical value).

    It is DuckDB's own hash, ten times as fast as md5 and another one in another version of it, so the version counts,
    too, and so do names and types: the same number means the same row, another one means that `row_hash` must be asked.
    """
    made_by = f"{duckdb.__version__} " + ",".join(f"{n}:{columns[n][0]}" for n in sorted(columns))
    return fast_hash([literal(made_by), *(columns[name][1] for name in sorted(columns))])


def column_hashes(columns: Sequence[str], alias: str) -> str:
    """SQL for one text of `HASH_LENGTH` digits per column, by name."""
    parts = [
        f"coalesce(left(md5({pair}), {HASH_LENGTH}), '{EMPTY_HASH}')"
        for pair in _pairs(columns, alias)
    ]
    return " || ".join(parts) or "''"


def mapping(columns: Sequence[str]) -> str:
    """The columns that `column_hashes` speaks of, in its order."""
    return ",".join(sorted(columns))


def payload(columns: Sequence[str], alias: str) -> str:
    """SQL for the row as a JSON text, NULLs included."""
    if not columns:
        return "'{}'"
    pairs = ", ".join(f"{literal(name)}, {ident(alias, name)}" for name in columns)
    return f"cast(json_object({pairs}) as varchar)"


def changed(alias_new: str, alias_old: str) -> str:
    """SQL for the list of columns that differ between two rows with `mapping` and `column_hashes`."""

    def digits(alias: str, position: str) -> str:
        return f"substr({alias}.column_hashes, ({position} - 1) * {HASH_LENGTH} + 1, {HASH_LENGTH})"

    old_names = f"string_split({alias_old}.mapping, ',')"
    new_names = f"string_split({alias_new}.mapping, ',')"
    old = f"coalesce(nullif({digits(alias_old, f'list_position({old_names}, name)')}, ''), '{EMPTY_HASH}')"
    return (
        f"list_filter({new_names}, lambda name, place : "
        f"{digits(alias_new, 'place')} is distinct from {old})"
    )


def _pairs(columns: Sequence[str], alias: str) -> list[str]:
    return [
        f"{literal(name + '=')} || cast({ident(alias, name)} as varchar)"
        for name in sorted(columns)
    ]
