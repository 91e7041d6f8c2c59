"""The FROM clause that reads one landing file as text columns, one form per file format, streamed by DuckDB."""

from __future__ import annotations

import csv
import gzip
import io
import json
from dataclasses import dataclass
from pathlib import Path

import duckdb

from warehouse.bodies import records
from warehouse.contract import Contract, Field
from warehouse.dialect import ident, literal
from warehouse.errors import ContractError, FileError
from warehouse.landing import LandingFile

MAX_LINE_BYTES = 16 * 1024 * 1024


@dataclass(frozen=True)
class Scan:
    """Reads one file: `relation` to select from, and where each field and the unknown columns are in it."""

    relation: str
    expressions: dict[str, tuple[str, str]]
    extra: str
    unknown: tuple[str, ...] = ()


def scan(con: duckdb.DuckDBPyConnection, contract: Contract, file: LandingFile) -> Scan:
    """How to read `file` under `contract`.

    Raises ContractError when a required column is missing, FileError when the file has no readable head.
    """
    match file.format:
        case "csv":
            header = csv_header(file.path)
            return csv_scan(contract, file, header, csv_relation(file.path, header))
        case "ndjson":
            limit = f"maximum_object_size = {MAX_LINE_BYTES}"
            reader = f"read_ndjson_objects({literal(file.path)}, {limit})"
            lines = f"(select json as j from {reader})"
            return json_scan(contract, records(lines, contract.unwrap))
        case _:
            return parquet_scan(con, contract, file)


def csv_header(path: Path) -> list[str]:
    """The column names of a CSV file, without BOM and outer spaces; of equal ones the first keeps its name."""
    opener = gzip.open if path.suffix.lower() == ".gz" else open
    try:
        with opener(path, "rb") as stream:
            first = stream.readline(MAX_LINE_BYTES)
        names = next(csv.reader(io.StringIO(first.decode("utf-8-sig"))), [])
    except (EOFError, gzip.BadGzipFile, UnicodeDecodeError, OSError) as error:
        raise FileError(f"{path.name}: the header line cannot be read ({error})") from error
    return _told_apart([name.strip() for name in names])


def csv_relation(path: Path, header: list[str]) -> str:
    """`read_csv` over a file whose columns are all text, refusing anything malformed."""
    types = ", ".join(f"{literal(name)}: 'VARCHAR'" for name in header)
    return (
        f"read_csv({literal(path)}, header = true, auto_detect = false, columns = {{{types}}}, "
        f"delim = ',', quote = '\"', escape = '\"', nullstr = '', strict_mode = true, "
        f"max_line_size = {MAX_LINE_BYTES})"
    )


def csv_scan(
    contract: Contract, file: LandingFile, header: list[str], relation: str, prefix: str = ""
) -> Scan:
    """Where each field is among `header`; unknown columns become one JSON object."""
    if len(set(header)) != len(header) or "" in header:
        raise ContractError(
            f"{file.relative}, line 1: column names must be unique and not empty: {header}"
        )
    names = {field.name: _spelt(field, header) for field in contract.fields}
    missing = [f.source_name for f in contract.required if names[f.name] is None]
    if missing:
        raise ContractError(
            f"{file.relative}, line 1: required column {', '.join(missing)} is missing "
            f"(contract {contract.path}); the file has {', '.join(header)}. "
            "Add the column, or change the contract."
        )
    known = set(names.values())
    unknown = tuple(name for name in header if name not in known)
    expressions = {
        field: (ident(prefix + name) if name is not None else "cast(null as varchar)", "VARCHAR")
        for field, name in names.items()
    }
    return Scan(relation, expressions, _pack(unknown, prefix), unknown)


def json_scan(contract: Contract, relation: str, keep: str = "") -> Scan:
    """Where each field is in a JSON object column `j`; unknown keys are what is left of it.

    `keep` names further columns of `relation` to pass on.
    """
    kinds = json_kinds(contract)
    nothing = json.dumps(dict.fromkeys(kinds))
    known = " + ".join(f"cast(s.{ident(name)} is not null as integer)" for name in kinds)
    relation = (
        # Only an object with more keys than known values can hold others, and counting is cheaper than taking apart.
        f"(select s, case when len(json_keys(j)) > {known} "
        # A merge patch of nulls removes the known keys (RFC 7396).
        f"then nullif(json_merge_patch(j, {literal(nothing)}), '{{}}') end as x{keep} "
        f"from (select json_transform(j, {literal(json.dumps(kinds))}) as s, j{keep} from {relation}))"
    )
    expressions = {
        field.name: (f"s.{ident(field.source_name)}", kinds[field.source_name])
        for field in contract.fields
    }
    for field in contract.fields:
        if field.data_type == "JSON":
            expression = f"nullif(s.{ident(field.source_name)}, 'null')"
            expressions[field.name] = (expression, "JSON")
    return Scan(relation, expressions, "x")


def json_kinds(contract: Contract) -> dict[str, str]:
    """Each key that the contract names, and whether its value is read as text or stays JSON."""
    return {
        field.source_name: "JSON" if field.data_type == "JSON" else "VARCHAR"
        for field in contract.fields
    }


def parquet_scan(con: duckdb.DuckDBPyConnection, contract: Contract, file: LandingFile) -> Scan:
    """Where each field is among a Parquet file's typed columns."""
    relation = f"read_parquet({literal(file.path)}, file_row_number = true)"
    try:
        described = con.execute(f"describe select * from {relation}").fetchall()
    except duckdb.Error as error:
        raise FileError(f"{file.relative}: not a readable Parquet file ({error})") from error
    kinds = {row[0]: str(row[1]) for row in described if row[0] != "file_row_number"}
    checked = csv_scan(contract, file, list(kinds), relation)
    expressions = {}
    for field in contract.fields:
        name = _spelt(field, list(kinds))
        expressions[field.name] = (
            checked.expressions[field.name] if name is None else (ident(name), kinds[name])
        )
    return Scan(relation, expressions, checked.extra, checked.unknown)


def _told_apart(names: list[str]) -> list[str]:
    """`id, id` as `id, id (2)`: a file may repeat a column, and what the later one says is kept beside the row."""
    seen: dict[str, int] = {}
    apart = []
    for name in names:
        # The engine does not tell letters' cases apart.
        count = seen[name.lower()] = seen.get(name.lower(), 0) + 1
        apart.append(name if count == 1 or name == "" else f"{name} ({count})")
    return apart


def _spelt(field: Field, header: list[str]) -> str | None:
    """The name that the field has among `header`, or None where it is not there."""
    return next((name for name in field.spellings if name in header), None)


def _pack(names: tuple[str, ...], prefix: str) -> str:
    if not names:
        return "cast(null as json)"
    pairs = ", ".join(f"{literal(name)}: {ident(prefix + name)}" for name in names)
    return f"to_json({{{pairs}}})"
