"""Turns feature columns into number matrices, one row per row: for trees (missing stays missing) and for lines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from ml import effects, screen
from ml.frames import LABEL
from ml.metrics import Floats

MOST_CATEGORIES = 50
# Above so many frequent values a category is also told by one number, what its value has meant so far.
MANY_CATEGORIES, COLUMNS_WHEN_MANY = 12, 12
FEWEST_ROWS_PER_CATEGORY = 10
FEWEST_ROWS_PER_EFFECT = 3
FURTHEST_SD = 4.0
GREATEST = 1e30
CURVED_FROM = 8  # distinct values from which a straight line may not do
CURVE_POINTS = 21
OTHER, MISSING = "(other)", "(unknown)"

Matrix = NDArray[np.float32]


@dataclass(frozen=True)
class Number:
    """What was seen of a numeric feature: for standardising, whether it was ever missing, and its quantiles.

    `quantiles` (increasing, or none when the values are few) turn a value into its share of rows below, which tames
    skew: a line may then bend with the value's rank.
    """

    name: str
    mean: float
    sd: float
    has_missing: bool
    quantiles: tuple[float, ...] = ()


@dataclass(frozen=True)
class Category:
    """The values of a categorical feature that have a column of their own; with many, each value's effect."""

    name: str
    values: tuple[str, ...]
    effects: Mapping[str, float] | None = None
    spread: float = 1.0


@dataclass(frozen=True)
class Encoder:
    """The fitted features; those that never vary are left out.

    `own` holds the cross-fitted effects of the very rows that it was fitted on, by feature; it does not travel.
    """

    numbers: tuple[Number, ...]
    categories: tuple[Category, ...]
    own: Mapping[str, Floats] = field(default_factory=dict, compare=False, repr=False)

    @property
    def features(self) -> tuple[str, ...]:
        """Names of the features in use."""
        numbers = [number.name for number in self.numbers]
        return (*numbers, *(category.name for category in self.categories))

    def trees(self, rows: pl.DataFrame, own: bool = False) -> tuple[Matrix, np.ndarray]:
        """Matrix for trees, and for each of its columns the position of its feature.

        `own` says that `rows` are those that the encoder was fitted on.
        """
        parts: list[Floats] = [_values(rows, number.name) for number in self.numbers]
        return self._with_categories(rows, parts, list(range(len(self.numbers))), own)

    def lines(self, rows: pl.DataFrame, own: bool = False) -> tuple[Matrix, np.ndarray]:
        """Matrix for a linear model (standardised, missing as mean plus an indicator), and owners as above."""
        parts: list[Floats] = []
        owners: list[int] = []
        for position, number in enumerate(self.numbers):
            value = _values(rows, number.name)
            missing = np.isnan(value)
            scaled = np.where(missing, 0.0, (value - number.mean) / number.sd)
            found = [np.clip(scaled, -FURTHEST_SD, FURTHEST_SD)]
            if number.quantiles:
                rank = np.interp(value, number.quantiles, np.linspace(-1, 1, CURVE_POINTS))
                rank = np.where(missing, 0.0, rank)
                found += [rank * 1.7, np.where(missing, 0.0, (rank**2 - 1 / 3) * 3.3)]
            if number.has_missing:
                found.append(missing.astype(np.float64))
            parts += found
            owners += [position] * len(found)
        return self._with_categories(rows, parts, owners, own)

    def _with_categories(
        self, rows: pl.DataFrame, parts: list[Floats], owners: list[int], own: bool
    ) -> tuple[Matrix, np.ndarray]:
        columns = len(parts) + sum(
            len(category.values) + (category.effects is not None) for category in self.categories
        )
        matrix = np.zeros((rows.height, columns), dtype=np.float32, order="F")
        for column, part in enumerate(parts):
            matrix[:, column] = part
        column = len(parts)
        for position, category in enumerate(self.categories, start=len(self.numbers)):
            texts = _texts(rows, category.name)
            code = _codes(texts, category.values)
            for number in range(len(category.values)):
                matrix[:, column] = code == number
                column += 1
            if category.effects is not None:
                mine = self.own.get(category.name) if own else None
                told = effects.apply(texts, dict(category.effects)) if mine is None else mine
                matrix[:, column] = told / category.spread
                column += 1
            owners = [*owners, *[position] * (column - len(owners))]
        return matrix, np.array(owners, dtype=np.int64)

    def as_dict(self) -> dict[str, Any]:
        """Plain data for the model's file."""
        return {
            "numbers": [asdict(number) for number in self.numbers],
            "categories": [
                asdict(category) | {"effects": dict(category.effects) if category.effects is not None else None}
                for category in self.categories
            ],
        }  # fmt: skip

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Encoder:
        """The encoder that `as_dict` described."""
        numbers = tuple(
            Number(**(item | {"quantiles": tuple(item["quantiles"])})) for item in data["numbers"]
        )
        categories = tuple(
            Category(**(item | {"values": tuple(item["values"])})) for item in data["categories"]
        )
        return cls(numbers, categories)


def fit(rows: pl.DataFrame, numeric: Sequence[str], categorical: Sequence[str]) -> Encoder:
    """Learn scales, categories and effects from training rows; features that never vary are dropped.

    Of very many features those take part that alone tell the label most (see ml.screen).
    """
    numeric, categorical = screen.most_telling(rows, numeric, categorical)
    numbers = [number for name in numeric if (number := _number(rows, name))]
    own: dict[str, Floats] = {}
    categories = [category for name in categorical if (category := _category(rows, name, own))]
    return Encoder(tuple(numbers), tuple(categories), own)


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
    return Number(name, float(seen.mean()), sd, has_missing, _quantiles(seen))


def _quantiles(seen: Floats) -> tuple[float, ...]:
    if len(np.unique(seen[:100_000])) < CURVED_FROM:
        return ()
    points = np.quantile(seen, np.linspace(0, 1, CURVE_POINTS))
    # np.interp wants increasing points; steps of equal values become steep instead of vertical.
    tiny = 1e-9 * max(float(np.abs(points).max()), 1e-300)
    return tuple((points + tiny * np.arange(CURVE_POINTS)).tolist())


def _category(rows: pl.DataFrame, name: str, own: dict[str, Floats]) -> Category | None:
    texts = _texts(rows, name)
    counts = texts.value_counts(sort=False).sort(["count", name], descending=[True, False])
    if counts.height < 2:
        return None
    often = counts.filter(pl.col("count") >= FEWEST_ROWS_PER_CATEGORY)
    told = None
    spread = 1.0
    if often.height and counts.height > MANY_CATEGORIES and LABEL in rows.columns:
        own[name] = effects.cross_fitted(texts, rows)
        spread = max(float(own[name].std()), 1e-3)
        kept = set(counts.filter(pl.col("count") >= FEWEST_ROWS_PER_EFFECT)[name].to_list())
        told = {value: moved for value, moved in effects.fit(texts, rows).items() if value in kept}
    values = sorted(often[name].head(COLUMNS_WHEN_MANY if told else MOST_CATEGORIES).to_list())
    if not values:
        return None
    values = values if OTHER in values else [*values, OTHER]
    return Category(name, tuple(values), told, spread)


def _codes(texts: pl.Series, values: Sequence[str]) -> np.ndarray:
    """Each row's position in `values`: unknown values count as OTHER, missing ones that have no column as none."""
    positions = {value: number for number, value in enumerate(values)}
    positions.setdefault(MISSING, -1)
    found = texts.replace_strict(positions, default=positions[OTHER], return_dtype=pl.Int16)
    return found.to_numpy()


def _values(rows: pl.DataFrame, name: str) -> Floats:
    column = rows[name].cast(pl.Float64, strict=False)
    values = np.asarray(column.fill_null(float("nan")).to_numpy(), dtype=np.float64)
    # Beyond that neither squares nor matrices of single precision hold them.
    return np.clip(values, -GREATEST, GREATEST)


def _texts(rows: pl.DataFrame, name: str) -> pl.Series:
    return rows[name].cast(pl.String).fill_null(MISSING)
