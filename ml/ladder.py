"""The fallback: shrunken rates of cells of few columns, for when no model has earned trust, one rate per row.

Each level's cell counts the entities that were ever in it and the share of them that succeeded (of an entity's rows,
where they differ), Beta-shrunk to the rate of the cell one level up, which counts for `strength` entities.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from ml.frames import ENTITY, LABEL
from ml.metrics import Floats
from ml.spec import Ladder

SEPARATOR = "\x1f"
NOT_YET = "not yet calculated"


@dataclass(frozen=True)
class Rates:
    """The fitted ladder: an overall rate (None when too little is known) and per level rate and size by cell."""

    ladder: Ladder
    overall: float | None
    entities: int
    cells: tuple[Mapping[str, tuple[float, int]], ...]

    def values(self, rows: pl.DataFrame) -> tuple[Floats, pl.Series]:
        """One rate per row (NaN when there is none), and in words where it comes from."""
        if self.overall is None:
            blank = pl.Series("words", [NOT_YET] * rows.height, dtype=pl.String)
            return np.full(rows.height, np.nan), blank
        rate = np.full(rows.height, self.overall)
        words = pl.Series("words", [f"{self.overall:.0%} of all {self.entities:,}"] * rows.height)
        for columns, cells in zip(self.ladder.levels, self.cells, strict=True):
            table = pl.DataFrame(
                {
                    "cell": list(cells),
                    "rate": [rate for rate, _ in cells.values()],
                    "size": [size for _, size in cells.values()],
                },
                schema={"cell": pl.String, "rate": pl.Float64, "size": pl.Int64},
            )
            found = rows.select(_cell(columns), _shown(columns).alias("shown")).join(
                table, on="cell", how="left", maintain_order="left"
            )
            share = (pl.col("rate") * 100).round(0).cast(pl.Int64, strict=False)
            told = pl.format("{}% of {} with {}", share, "size", "shown")
            words = found.select(told.alias("words")).to_series().fill_null(words)
            rate = found["rate"].fill_null(pl.Series(rate)).to_numpy()
        return np.asarray(rate), words

    def as_dict(self) -> dict[str, Any]:
        """Plain data for the model's file."""
        return {
            "overall": self.overall,
            "entities": self.entities,
            "cells": [dict(cells) for cells in self.cells],
        }

    @classmethod
    def from_dict(cls, ladder: Ladder, data: dict[str, Any]) -> Rates:
        """The rates that `as_dict` described."""
        cells = tuple(
            {name: (float(rate), int(size)) for name, (rate, size) in level.items()}
            for level in data["cells"]
        )
        return cls(ladder, data["overall"], data["entities"], cells)


def fit(rows: pl.DataFrame, ladder: Ladder) -> Rates:
    """Count the cells in labelled rows."""
    rows = outcomes(rows, ladder)
    entities = rows.group_by(ENTITY).agg(pl.col(LABEL).mean())
    if entities.height < ladder.minimum:
        return Rates(ladder, None, entities.height, tuple({} for _ in ladder.levels))
    overall = (float(entities[LABEL].sum()) + 0.5) / (entities.height + 1)
    levels: list[Mapping[str, tuple[float, int]]] = []
    parents = rows.select(ENTITY, LABEL).with_columns(pl.lit(overall).alias("parent"))
    for columns in ladder.levels:
        keyed = rows.select(ENTITY, LABEL, _cell(columns)).hstack(parents.select("parent"))
        counts = (
            keyed.group_by("cell", ENTITY)
            .agg(pl.col(LABEL).mean(), pl.col("parent").mean())
            .sort("cell", ENTITY)
            .group_by("cell", maintain_order=True)
            .agg(pl.col(LABEL).sum().alias("won"), pl.len().alias("size"), pl.col("parent").mean())
            .with_columns(
                (
                    (pl.col("won") + ladder.strength * pl.col("parent"))
                    / (pl.col("size") + ladder.strength)
                ).alias("rate")
            )
        )
        levels.append(
            {row["cell"]: (row["rate"], row["size"]) for row in counts.iter_rows(named=True)}
        )
        joined = keyed.join(counts.select("cell", "rate"), on="cell", maintain_order="left")
        parents = joined.select(ENTITY, LABEL, pl.col("rate").alias("parent"))
    return Rates(ladder, overall, entities.height, tuple(levels))


def outcomes(rows: pl.DataFrame, ladder: Ladder) -> pl.DataFrame:
    """The rows with an entity column that tells one outcome from another."""
    own = pl.int_range(pl.len()).cast(pl.String).alias(ENTITY)
    return rows.with_columns(own) if ladder.per_row else rows


def _cell(columns: tuple[str, ...]) -> pl.Expr:
    parts = [pl.col(name).cast(pl.String).fill_null("") for name in columns]
    return pl.concat_str(parts, separator=SEPARATOR).alias("cell")


def _shown(columns: tuple[str, ...]) -> pl.Expr:
    parts = [
        pl.format(
            "{} {}",
            pl.lit(name.replace("_", " ")),
            pl.col(name).cast(pl.String).fill_null("unknown"),
        )
        for name in columns
    ]
    return pl.concat_str(parts, separator=", ")
