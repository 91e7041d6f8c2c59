"""Reads a table that somebody has in a file: one polars frame from CSV, TSV, JSON or Parquet, also gzipped."""

from __future__ import annotations

import csv
import gzip
import io
import zlib
from pathlib import Path

import polars as pl

from ml.errors import ModelError

DELIMITED = (".csv", ".tsv", ".txt")
JSON = (".json", ".jsonl", ".ndjson")
SEPARATORS = ",;\t|"
# What spreadsheets and databases write where there is nothing.
NOTHING = ["", "NULL", "null", "NA", "N/A", "#N/A", "NaN", "nan"]
HEAD = 65_536  # an even number of bytes in which the header ends
UTF16 = (b"\xff\xfe", b"\xfe\xff")


def read(path: Path) -> pl.DataFrame:
    """The file's rows. Raises ModelError, with the file and what is wrong in it, when it cannot be read."""
    name = path.name.lower()
    kind = Path(name.removesuffix(".gz")).suffix
    if path.is_dir() or kind not in (".parquet", *JSON, *DELIMITED):
        raise ModelError(f"{path} is no CSV, TSV, JSON lines or Parquet file")
    content: bytes | None = None
    try:
        if kind == ".parquet" and not name.endswith(".gz"):
            return pl.read_parquet(path)
        content = path.read_bytes()
        if name.endswith(".gz"):
            content = gzip.decompress(content)
        if kind == ".parquet":
            return pl.read_parquet(io.BytesIO(content))
        if kind in JSON:
            whole = content.lstrip()[:1] == b"["
            reader = pl.read_json if whole else pl.read_ndjson
            return reader(content, infer_schema_length=None)
        return _delimited(content, kind)
    except (pl.exceptions.PolarsError, OSError, EOFError, zlib.error, UnicodeError) as error:
        told = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        if kind in DELIMITED and content and "more fields" in told:
            told = _too_long(content, kind) or told
        raise ModelError(f"{path} cannot be read: {told}") from error


def _delimited(content: bytes, kind: str) -> pl.DataFrame:
    frame = pl.read_csv(
        _utf8(content),
        separator=_separator(content, kind),
        infer_schema_length=None,
        try_parse_dates=True,
        null_values=NOTHING,
        encoding="utf8-lossy",
    )
    trimmed = [name.strip() for name in frame.columns]
    if len(set(trimmed)) < len(trimmed):
        return frame
    return frame.rename(dict(zip(frame.columns, trimmed, strict=True)))


def repeated(frame: pl.DataFrame) -> set[str]:
    """Names that the header of a delimited file holds more than once; polars numbers the later ones."""
    found = (name.rpartition("_duplicated_") for name in frame.columns)
    return {name for name, _, number in found if number.isdigit() and name in frame.columns}


def _utf8(content: bytes) -> bytes:
    return content.decode("utf-16").encode() if content[:2] in UTF16 else content


def _separator(content: bytes, kind: str) -> str:
    """Tabs in a .tsv, else what the header holds most of; a comma where it holds none."""
    if kind == ".tsv":
        return "\t"
    header = _utf8(content[:HEAD]).splitlines()[:1]
    line = header[0].decode("utf-8", "replace") if header else ""
    return max(SEPARATORS, key=line.count)


def _too_long(content: bytes, kind: str) -> str | None:
    """Which line has more fields than the header."""
    separator = _separator(content, kind)
    text = _utf8(content).decode("utf-8", "replace")
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
    width = len(next(rows, []))
    for row in rows:
        if len(row) > width:
            found = f"line {rows.line_num} has {len(row)} fields, the header {width}"
            return f"{found}; quote fields that hold {separator!r}"
    return None
