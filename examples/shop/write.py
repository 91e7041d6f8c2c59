"""Writes landing files under a temporary name and renames them when complete; the same rows give the same bytes."""

from __future__ import annotations

import gzip
import os
from pathlib import Path

import polars as pl

CHUNK_ROWS = 200_000
GZIP_LEVEL = 3


def iso(column: str) -> pl.Expr:
    """UTC epoch seconds (or None) as ISO 8601 text with Z."""
    moment = pl.from_epoch(pl.col(column).cast(pl.Int64), time_unit="s")
    return moment.dt.strftime("%Y-%m-%dT%H:%M:%SZ").alias(column)


def timestamp(column: str) -> pl.Expr:
    """UTC epoch seconds (or None) as a naive UTC timestamp."""
    return (
        pl.from_epoch(pl.col(column).cast(pl.Int64), time_unit="s")
        .cast(pl.Datetime("us"))
        .alias(column)
    )


def text(template: str, *values: pl.Expr | str) -> pl.Expr:
    """`template` with each § replaced by the next of `values` (expressions or column names)."""
    first, *rest = template.split("§")
    parts: list[pl.Expr] = [pl.lit(first)]
    for value, tail in zip(values, rest, strict=True):
        parts += [pl.col(value) if isinstance(value, str) else value, pl.lit(tail)]
    return pl.concat_str(parts)


def write_csv(frame: pl.DataFrame, path: Path) -> int:
    """One plain CSV file."""
    new = _new(path)
    frame.write_csv(new)
    os.replace(new, path)
    return frame.height


def write_parquet(frame: pl.DataFrame, path: Path) -> int:
    """One Parquet file."""
    new = _new(path)
    frame.write_parquet(new, compression="zstd", statistics=False)
    os.replace(new, path)
    return frame.height


def write_json_lines(lines: pl.Series, path: Path) -> int:
    """One NDJSON file, gzip when the name ends in .gz; `lines` are JSON objects as text."""
    new = _new(path)
    with new.open("wb") as raw:
        out = gzip.GzipFile("", "wb", GZIP_LEVEL, raw, mtime=0) if path.suffix == ".gz" else raw
        for start in range(0, len(lines), CHUNK_ROWS):
            chunk = lines.slice(start, CHUNK_ROWS)
            out.write(("\n".join(chunk.to_list()) + "\n").encode())
        if out is not raw:
            out.close()
    os.replace(new, path)
    return len(lines)


def _new(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    return path.with_name(f".{path.name}.tmp")
