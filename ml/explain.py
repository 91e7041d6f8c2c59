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
) -> list[str]:
    """Per row a JSON list of up to three sentences, strongest first; `values` are what to show per feature.

    A feature's points are how far the probability would move, in percentage points, without its contribution.
    """
    if not len(features):
        return ["[]"] * len(margins)
    here = calibrator.probability(margins)[:, None]
    points = 100 * (here - calibrator.probability(margins[:, None] - contributions))
    top = np.argsort(-np.abs(points), axis=1, kind="stable")[:, :REASONS]
    columns = [series.to_list() for series in values]
    found = []
    for row in range(len(margins)):
        lines = [
            f"{phrase(features[column], columns[column][row], words)} ({points[row, column]:+.0f} points)"
            for column in top[row]
            if abs(points[row, column]) >= SMALLEST_POINTS
        ]
        found.append(json.dumps(lines, ensure_ascii=False))
    return found


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
