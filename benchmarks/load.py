"""How fast landing files become raw tables, beside DuckDB's own typed readers on the same files."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import duckdb

from benchmarks.measure import Figures, timed
from benchmarks.shop import settings
from warehouse import clock
from warehouse.connection import configure, connect
from warehouse.contract import Contract, contracts
from warehouse.dialect import ident, literal
from warehouse.internal import ensure, set_clock
from warehouse.landing import LandingFile, list_files
from warehouse.load import load_table
from warehouse.manifest import load_manifest


def ours(home: Path, as_of: datetime) -> Figures:
    """Load every new file into the warehouse at `home`; rows loaded, rows refused, and seconds."""
    installation = settings(home, as_of)
    tables = contracts(load_manifest(installation))
    rows = refused = 0
    with connect(installation) as con:
        ensure(con, tables)
        set_clock(con, as_of)
        with timed() as whole:
            for contract in tables.values():
                for result in load_table(con, installation, contract, clock.now()):
                    rows += result.rows_loaded
                    refused += result.rows_quarantined + (result.status == "failed")
            con.execute("checkpoint")
    return {
        "rows": rows,
        "seconds": whole.seconds,
        "cpu_seconds": whole.cpu_seconds,
        "refused": refused,
    }


def plain(home: Path) -> Figures:
    """The lower bound: the same files through read_json, read_csv or read_parquet, typed, into a fresh database."""
    installation = settings(home)
    tables = contracts(load_manifest(installation))
    path = home / "plain.duckdb"
    path.unlink(missing_ok=True)
    rows = 0
    with duckdb.connect(str(path)) as con:
        configure(con, installation)
        for contract in tables.values():
            columns = ", ".join(
                f"{ident(field.source_name)} {field.data_type}" for field in contract.fields
            )
            con.execute(f"create table {ident(contract.label)} ({columns})")
        with timed() as whole:
            for contract in tables.values():
                for file in list_files(installation, contract):
                    statement = f"insert into {ident(contract.label)} by name select * from "
                    statement += _reader(con, contract, file)
                    rows += int(con.execute(statement).fetchall()[0][0])
            con.execute("checkpoint")
    path.unlink()
    return {"rows": rows, "seconds": whole.seconds}


def _reader(con: duckdb.DuckDBPyConnection, contract: Contract, file: LandingFile) -> str:
    types = {field.source_name: field.data_type for field in contract.fields}
    path = literal(file.path)
    if file.format == "parquet":
        return f"read_parquet({path})"
    if file.format == "csv":
        described = con.execute(f"describe select * from read_csv({path}, all_varchar = true)")
        types = {row[0]: types[row[0]] for row in described.fetchall()}
        # The CSV reader takes JSON as text; none of the shop's CSV files holds any.
        return f"read_csv({path}, header = true, auto_detect = false, columns = {_struct(types)})"
    return f"read_json({path}, format = 'newline_delimited', columns = {_struct(types)})"


def _struct(types: dict[str, str]) -> str:
    return "{" + ", ".join(f"{literal(name)}: '{kind}'" for name, kind in types.items()) + "}"
