"""The careful way to load one file: every row is loaded, or quarantined with its line, columns, reason and text."""

from __future__ import annotations

from pathlib import Path

import duckdb

from warehouse.batch import Batch
from warehouse.bodies import records
from warehouse.clock import naive
from warehouse.contract import Contract
from warehouse.dialect import ident, literal
from warehouse.documents import write_json_values
from warehouse.landing import LandingFile
from warehouse.repair import write_csv_records, write_json_lines
from warehouse.scan import MAX_LINE_BYTES, Scan, csv_header, csv_scan, json_scan, parquet_scan
from warehouse.typed import problems


def load_carefully(con: duckdb.DuckDBPyConnection, batch: Batch, folder: Path) -> tuple[int, int]:
    """Load what can be loaded and quarantine the rest, inside the caller's transaction.

    Returns the number of rows loaded and quarantined. `folder` holds the rewritten file meanwhile.
    """
    contract = batch.contract
    source = _careful_scan(con, contract, batch.file, folder / "records.csv")
    broken, reasons = problems(contract, source.expressions)
    con.execute(
        "create or replace temp table careful as "
        f"select *, {broken} as _columns, "
        f"case when _problem <> '' then _problem else {reasons} end as _reason "
        f"from {source.relation}"
    )
    loaded = con.execute(
        f"insert into {batch.target} by name "
        f"select {batch.columns(source)} from careful where _reason = ''"
    ).fetchall()
    quarantined = con.execute(
        "insert into landing.quarantine "
        "select ?, ?, ?, ?, _line, case when _problem = '' then _columns end, _reason, _text, ?, ? "
        "from careful where _reason <> ''",
        [
            batch.file_id,
            contract.source,
            contract.table,
            batch.file.relative,
            batch.number,
            naive(batch.now),
        ],
    ).fetchall()
    con.execute("drop table careful")
    return int(loaded[0][0]), int(quarantined[0][0])


def _careful_scan(
    con: duckdb.DuckDBPyConnection, contract: Contract, file: LandingFile, target: Path
) -> Scan:
    match file.format:
        case "csv":
            header = csv_header(file.path)
            write_csv_records(file.path, target, len(header))
            return csv_scan(contract, file, header, _records_relation(target, header), "f_")
        case "ndjson":
            write_json_lines(file.path, target)
            return _json_records_scan(contract, target)
        case "json":
            write_json_values(file.path, target)
            return _json_records_scan(contract, target)
        case _:
            source = parquet_scan(con, contract, file)
            relation = (
                "(select *, file_row_number + 1 as _line, '' as _problem, "
                f"cast(to_json(p) as varchar) as _text from {source.relation} as p)"
            )
            return Scan(relation, source.expressions, source.extra, source.unknown)


def _records_relation(path: Path, header: list[str]) -> str:
    fields = ", ".join(
        f"{ident(f'f{index}')} as {ident('f_' + name)}" for index, name in enumerate(header)
    )
    names = ["_problem", "_text", *(f"f{index}" for index in range(len(header)))]
    return (
        f"(select _line, coalesce(_problem, '') as _problem, _text, {fields} "
        f"from {_read(path, names)})"
    )


def _json_records_scan(contract: Contract, path: Path) -> Scan:
    lines = (
        "(select _line, _text, case when _problem is not null then _problem "
        "when try_cast(_text as json) is null then 'not valid JSON' "
        f"else '' end as _problem from {_read(path, ['_problem', '_text'])})"
    )
    parsed = (
        "(select *, case when _problem = '' then cast(_text as json) else json('{}') end as j, "
        f"_text as _line_text from {lines})"
    )
    found = records(parsed, contract.unwrap, keep=", _line, _line_text, _problem")
    # One record of several on a line is quarantined with its own text.
    relation = (
        "(select case when json_type(j) = 'OBJECT' then j else json('{}') end as j, _line, "
        "case when _problem <> '' or cast(j as varchar) = _line_text then _line_text "
        "else cast(j as varchar) end as _text, "
        "case when _problem = '' and json_type(j) <> 'OBJECT' then 'not a JSON object' "
        f"else _problem end as _problem from {found})"
    )
    return json_scan(contract, relation, keep=", _line, _text, _problem")


def _read(path: Path, names: list[str]) -> str:
    types = ", ".join(["'_line': 'BIGINT'", *(f"{literal(name)}: 'VARCHAR'" for name in names)])
    return (
        f"read_csv({literal(path)}, header = true, auto_detect = false, columns = {{{types}}}, "
        f"delim = ',', quote = '\"', escape = '\"', nullstr = '', strict_mode = true, "
        f"parallel = false, max_line_size = {4 * MAX_LINE_BYTES})"
    )
