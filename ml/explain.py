"""Says in plain words why a row got its probability: its strongest features, each with its effect in points."""

from __future__ import annotations

import json
import string
from collections.abc import Mapping, Sequence

import numpy as np
import polars as pl

from ml.calibrate import Calibrator
from ml.metrics import Floats

REASONS = 3
SMALLEST_POINTS = 0.5


def reasons(
    values: Sequence[pl.Series],
    features: Sequence[str],
    contributions: Floats,
    margins: Floats,
    calibrator: Calibrator,
    words: Mapping[str, str],
) -> pl.Series:
    """Per row a JSON list of up to three sentences, strongest first; `values` are what to show per feature.

    A feature's points are how far the probability would move, in percentage points, without its contribution.
    """
    if not len(features):
        return pl.Series(["[]"], dtype=pl.String).new_from_index(0, len(margins))
    here = calibrator.probability(margins)[:, None]
    points = 100 * (here - calibrator.probability(margins[:, None] - contributions))
    top = np.argsort(-np.abs(points), axis=1, kind="stable")[:, :REASONS]
    told: list[pl.Series] = []
    for column in top.T:
        strength = np.take_along_axis(points, column[:, None], axis=1)[:, 0]
        shown = np.where(np.abs(strength) >= SMALLEST_POINTS, column, -1)
        told.append(_sentences(values, features, shown, strength, words).alias(f"{len(told)}"))
    joined = pl.concat_str(pl.all(), separator=", ", ignore_nulls=True)
    return pl.DataFrame(told).select(pl.format("[{}]", joined)).to_series()


def _sentences(
    values: Sequence[pl.Series],
    features: Sequence[str],
    shown: np.ndarray,
    strength: Floats,
    words: Mapping[str, str],
) -> pl.Series:
    """One JSON string per row about the feature at position `shown`, null where that is -1."""
    texts: list[str] = []
    code = np.full(len(shown), -1, dtype=np.int64)
    for position, name in enumerate(features):
        rows = np.flatnonzero(shown == position)
        if not len(rows):
            continue
        found = values[position].gather(rows).alias("value").to_frame()
        if found.schema["value"].is_float():
            found = found.with_columns(pl.col("value").fill_nan(None))
        each = found.unique(maintain_order=True).with_row_index("code", offset=len(texts))
        texts += [
            json.dumps(phrase(name, value, words), ensure_ascii=False)[:-1]
            for value in each["value"]
        ]
        joined = found.join(each, on="value", how="left", nulls_equal=True, maintain_order="left")
        code[rows] = joined["code"].to_numpy()
    points = pl.Series(np.rint(np.abs(strength)).astype(np.int64)).cast(pl.String)
    sign = pl.Series(np.where(strength < 0, "-", "+"), dtype=pl.String)
    text = pl.Series([*texts, None], dtype=pl.String).gather(np.where(code < 0, len(texts), code))
    return text + " (" + sign + points + ' points)"'


def quoted(words: pl.Series) -> pl.Series:
    """Per row a JSON list of one sentence; there are few different ones."""
    texts = words.unique().to_list()
    lists = {text: json.dumps([text], ensure_ascii=False) for text in texts}
    return words.replace_strict(lists, return_dtype=pl.String)


def phrase(name: str, value: object, words: Mapping[str, str]) -> str:
    """A feature's value as people say it; `words[name]` is a template such as "{value:.0f} visits in 30 days"."""
    label = name.replace("_", " ")
    template = words.get(name)
    if value is None or value != value:
        return f"{_subject(template) or label}: unknown"
    if template is None:
        shown = f"{value:,.4g}" if isinstance(value, float) else str(value)
        return f"{label} {shown}"
    return template.format(value=value)


def _subject(template: str | None) -> str:
    """A template without its value and formatting, for values that are missing."""
    if template is None:
        return ""
    text = "".join(piece for piece, *_ in string.Formatter().parse(template))
    return " ".join(text.split()).rstrip(":")
