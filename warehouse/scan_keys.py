"""The quicker FROM clause for a large file of JSON lines, whose keys the engine finds out by itself.

DuckDB's reader refuses a key that its sample of the file did not show, so a file that it reads to the end has no other
keys than those, and each line is parsed once instead of once more for keys that nobody knows.
"""

from __future__ import annotations

import re

import duckdb

from warehouse.contract import Contract
from warehouse.dialect import ident, literal
from warehouse.landing import LandingFile
from warehouse.scan import MAX_LINE_BYTES, Scan, json_kinds

# Finding out the keys costs a fixed part of a second, which smaller files would not earn back.
LARGE_FILE_BYTES = 8 * 1024 * 1024
SAMPLE_LINES = 20_480


def keys_scan(con: duckdb.DuckDBPyConnection, contract: Contract, file: LandingFile) -> Scan | None:
    """How to read a large file whose lines are objects of known keys; None where it is no such file.

    Reading ends with an error at a key that the sample did not show, so the whole relation is right or none of it is.
    All columns must be read: the engine lets unknown keys pass where it is asked for some of them only.
    """
    if file.format != "ndjson" or contract.unwrap or file.file_bytes < LARGE_FILE_BYTES:
        return None
    # Depth 1 leaves every value as it stands in the file; the types are the contract's business.
    reader = (
        f"read_json({literal(file.path)}, format = 'newline_delimited', records = true, "
        f"maximum_depth = 1, sample_size = {SAMPLE_LINES}, maximum_object_size = {MAX_LINE_BYTES})"
    )
    try:
        described = con.execute(f"describe select * from {reader}").fetchall()
    except duckdb.Error:
        # Whatever is wrong with it, the ordinary way says so.
        return None
    seen = {str(name): str(kind) for name, kind, *_ in described}
    kinds = json_kinds(contract)
    if not seen.keys() <= kinds.keys() or set(seen.values()) != {"JSON"} or _renamed(seen):
        return None
    # As the ordinary way makes text of a value; `->>` writes large numbers otherwise.
    values = ", ".join(
        ident(name)
        if kinds[name] == "JSON"
        else f"json_transform({ident(name)}, '\"VARCHAR\"') as {ident(name)}"
        for name in seen
    )
    expressions = {
        field.name: (
            ident(field.source_name) if field.source_name in seen else "cast(null as varchar)",
            kinds[field.source_name] if field.source_name in seen else "VARCHAR",
        )
        for field in contract.fields
    }
    return Scan(f"(select {values} from {reader})", expressions, "cast(null as json)")


def _renamed(names: dict[str, str]) -> bool:
    """Whether the engine may have numbered one of the names, as it does with keys that differ only in case."""
    lowered = {name.lower() for name in names}
    numbered = (re.fullmatch(r"(.+)_\d+", name) for name in lowered)
    return any(match is not None and match[1] in lowered for match in numbered)
