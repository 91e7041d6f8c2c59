"""Turns feature columns into number matrices, one row per row: for trees (missing stays missing) and for lines."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import polars as pl

from ml.metrics import Floats

MOST_CATEGORIES = 50
FEWEST_ROWS_PER_CATEGORY = 10
FURTHEST_SD = 4.0
OTHER, MISSING = "(other)", "(unknown)"


@dataclass(frozen=True)
class Number:
    """What was seen of a numeric feature: for standardising, and whether it was ever missing."""

    name: str
    mean: float
    sd: float
    has_missing: bool


@dataclass(frozen=True)
class Category:
    """The values of a categorical feature that have a column of their own."""

    name: str
    values: tuple[str, ...]


@dataclass(frozen=True)
class Encoder:
    """The fitted features; those that never vary are left out."""

    numbers: tuple[Number, ...]
    categories: tuple[Category, ...]

    @property
    def features(self) -> tuple[str, ...]:
        """Names of the features in use."""
        numbers = [number.name for number in self.numbers]
        return (*numbers, *(category.name for category in self.categories))

    def trees(self, rows: pl.DataFrame) -> tuple[Floats, np.ndarray]:
        """Matrix for trees, and for each of its columns the position of its feature."""
        parts = [_values(rows, number.name) for number in self.numbers]
        return self._with_categories(rows, parts, list(range(len(self.numbers))))

    def lines(self, rows: pl.DataFrame) -> tuple[Floats, np.ndarray]:
        """Matrix for a linear model (standardised, missing as mean plus an indicator), and owners as above."""
        parts, owners = [], []
        for position, number in enumerate(self.numbers):
            scaled = (_values(rows, number.name) - number.mean) / number.sd
            missing = np.isnan(scaled)
            parts.append(np.clip(np.where(missing, 0.0, scaled), -FURTHEST_SD, FURTHEST_SD))
            owners.append(position)
            if number.has_missing:
                parts.append(missing.astype(np.float64))
                owners.append(position)
        return self._with_categories(rows, parts, owners)

    def _with_categories(
        self, rows: pl.DataFrame, parts: list[Floats], owners: list[int]
    ) -> tuple[Floats, np.ndarray]:
        for position, category in enumerate(self.categories, start=len(self.numbers)):
            values = _texts(rows, category.name)
            known = values.is_in([*category.values, MISSING])
            values = pl.select(pl.when(known).then(values).otherwise(pl.lit(OTHER))).to_series()
            for value in category.values:
                parts.append((values == value).to_numpy().astype(np.float64))
                owners.append(position)
        matrix = np.column_stack(parts) if parts else np.zeros((rows.height, 0))
        return matrix, np.array(owners, dtype=np.int64)

    def as_dict(self) -> dict[str, Any]:
        """Plain data for the model's file."""
        return asdict(self)

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Encoder:
        """The encoder that `as_dict` described."""
        numbers = tuple(Number(**item) for item in data["numbers"])
        categories = tuple(
            Category(item["name"], tuple(item["values"])) for item in data["categories"]
        )
        return cls(numbers, categories)


def fit(rows: pl.DataFrame, numeric: Sequence[str], categorical: Sequence[str]) -> Encoder:
    """Learn scales and categories from training rows; features that never vary are dropped."""
    numbers = [number for name in numeric if (number := _number(rows, name))]
    categories = [category for name in categorical if (category := _category(rows, name))]
    return Encoder(tuple(numbers), tuple(categories))


def _number(rows: pl.DataFrame, name: str) -> Number | None:
    values = _values(rows, name)
    seen = values[~np.isnan(values)]
    has_missing = len(seen) < len(values)
    sd = float(seen.std()) if len(seen) else 0.0
    if sd <= 1e-12 * max(1.0, float(np.abs(seen).max(initial=0.0))):
        # Constant, though its absence may still say something.
        if not has_missing or not len(seen):
            return None
        sd = 1.0
    return Number(name, float(seen.mean()), sd, has_missing)


def _category(rows: pl.DataFrame, name: str) -> Category | None:
    counts = (
        _texts(rows, name).value_counts(sort=False).sort(["count", name], descending=[True, False])
    )
    if counts.height < 2:
        return None
    often = counts.filter(pl.col("count") >= FEWEST_ROWS_PER_CATEGORY).head(MOST_CATEGORIES)
    values = sorted(often[name].to_list())
    if not values:
        return None
    return Category(name, (*values, OTHER) if OTHER not in values else tuple(values))


def _values(rows: pl.DataFrame, name: str) -> Floats:
    column = rows[name].cast(pl.Float64, strict=False)
    return np.asarray(column.fill_null(float("nan")).to_numpy(), dtype=np.float64)


def _texts(rows: pl.DataFrame, name: str) -> pl.Series:
    return rows[name].cast(pl.String).fill_null(MISSING)
