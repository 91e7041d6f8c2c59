"""SQL that turns the text of one landing row into its contract's types, and says in words what does not fit."""

from __future__ import annotations

from collections.abc import Mapping

from warehouse.contract import Contract, Field
from warehouse.dialect import ident, literal

WHOLE_NUMBER = "[+-]?[0-9]+([.]0+)?"
NUMBERS = frozenset(
    {"TINYINT", "SMALLINT", "INTEGER", "BIGINT", "UTINYINT", "USMALLINT", "UINTEGER"}
)
DIRECT = {
    "VARCHAR": frozenset({"VARCHAR"}),
    "BIGINT": NUMBERS,
    "DOUBLE": NUMBERS | {"DOUBLE", "FLOAT"},
    "BOOLEAN": frozenset({"BOOLEAN"}),
    "DATE": frozenset({"DATE"}),
    "TIMESTAMP": frozenset({"TIMESTAMP", "TIMESTAMP_NS", "TIMESTAMP WITH TIME ZONE", "DATE"}),
    "JSON": frozenset({"JSON"}),
}


def value(field: Field, expression: str, kind: str = "VARCHAR") -> str:
    """`expression` (of SQL type `kind`) as the field's type, NULL where it does not fit.

    Times without an offset are taken as UTC; times with one are moved to UTC.
    """
    if kind in DIRECT[field.data_type]:
        return f"cast({expression} as {field.data_type})"
    if field.data_type == "JSON":
        return f"try_cast({expression} as json)" if kind == "VARCHAR" else f"to_json({expression})"
    text = expression if kind == "VARCHAR" else f"cast({expression} as varchar)"
    match field.data_type:
        case "VARCHAR":
            return text
        case "TIMESTAMP":
            # A plain cast to TIMESTAMP would ignore the offset. Snowflake writes a space before it, Go `UTC` behind it.
            offset = "(Z|[+-][0-9]{2}(:?[0-9]{2})?)( UTC)?"
            closed = f"regexp_replace({text}, ' +{offset}$', '\\1')"
            moved = (
                f"cast(coalesce(try_cast({text} as timestamptz), "
                f"try_cast({closed} as timestamptz)) as timestamp)"
            )
            # Most say UTC themselves, and the plain cast takes half the time; behind a space Z may end a zone's name.
            utc = f"case when {text} like '%Z' and {text} not like '% %' then try_cast({text} as timestamp) end"
            return f"coalesce({utc}, {moved})"
        case "BIGINT":
            # A plain cast would round 1.5 to 2.
            whole = f"regexp_full_match(trim({text}), {literal(WHOLE_NUMBER)})"
            return f"case when {whole} then try_cast({text} as bigint) end"
        case _:
            return f"try_cast({text} as {field.data_type})"


def is_broken(field: Field, expression: str, kind: str = "VARCHAR") -> str | None:
    """A condition that holds where the field's value cannot be loaded, or None when it always can."""
    conditions = []
    if not (field.data_type == "VARCHAR" or kind in DIRECT[field.data_type]):
        conditions.append(
            f"({expression} is not null and {value(field, expression, kind)} is null)"
        )
    if field.required:
        conditions.append(f"{expression} is null")
    return " or ".join(conditions) or None


def row_is_good(contract: Contract, expressions: Mapping[str, tuple[str, str]]) -> str:
    """A condition that holds where every field of the row can be loaded.

    `expressions` maps a field's name to its SQL expression and that expression's type.
    """
    broken = [is_broken(field, *expressions[field.name]) for field in contract.fields]
    broken.append(_nothing_of(contract, expressions))
    return " and ".join(f"not ({condition})" for condition in broken if condition) or "true"


def problems(contract: Contract, expressions: Mapping[str, tuple[str, str]]) -> tuple[str, str]:
    """Two expressions: the names of a row's broken columns, and the reasons in words."""
    names, reasons = [], []
    for field in contract.fields:
        expression, kind = expressions[field.name]
        condition = is_broken(field, expression, kind)
        if condition is None:
            continue
        shown = f"left(cast({expression} as varchar), 80)"
        missing = literal(f"{field.source_name}: required, but empty")
        wrong = literal(f"{field.source_name}: not a {field.data_type}: ")
        reason = f"case when {expression} is null then {missing} else {wrong} || {shown} end"
        names.append(f"case when {condition} then {literal(field.name)} end")
        reasons.append(f"case when {condition} then {reason} end")
    nothing = _nothing_of(contract, expressions)
    if nothing:
        sources = {field.name: field.source_name for field in contract.fields}
        wanted = " or ".join(sources[name] for name in contract.any_of)
        names.append(f"case when {nothing} then {literal(', '.join(contract.any_of))} end")
        reasons.append(f"case when {nothing} then {literal(wanted + ': one is required')} end")
    if not names:
        return "''", "''"
    return f"concat_ws(', ', {', '.join(names)})", f"concat_ws('; ', {', '.join(reasons)})"


def _nothing_of(contract: Contract, expressions: Mapping[str, tuple[str, str]]) -> str | None:
    """A condition that holds where none of the columns is filled of which one must be."""
    return " and ".join(f"{expressions[name][0]} is null" for name in contract.any_of) or None


def select_list(
    contract: Contract, expressions: Mapping[str, tuple[str, str]], system: Mapping[str, str]
) -> str:
    """The raw table's columns in order: the contract's, then ours from `system`."""
    promised = [
        f"{value(field, *expressions[field.name])} as {ident(field.name)}"
        for field in contract.fields
    ]
    return ", ".join(promised + [f"{sql} as {ident(name)}" for name, sql in system.items()])
