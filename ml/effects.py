"""What a category's value has meant for the outcome so far: shrunk log-odds against everybody's, cross-fitted in time.

For values too many to have a column each. A training row is told only by outcomes known before its own time and never
by its own entity's, so that what it is trained on is as uncertain as what it will be used on. Shrinkage: an unseen
value means 0, and `STRENGTH` outcomes weigh as much as everybody's rate. Source of the method: target statistics
(Micci-Barreca 2001), in the ordered form of CatBoost (Prokhorenkova et al. 2018).
"""

from __future__ import annotations

import numpy as np
import polars as pl

from ml.frames import ENTITY, KNOWN, LABEL, TIME, parts
from ml.metrics import Floats

STRENGTH = 20.0
PARTS = 10


def fit(values: pl.Series, rows: pl.DataFrame) -> dict[str, float]:
    """The effect of each value of `values` (one per row of `rows`) that was seen, over all rows."""
    rate = _prior(rows[LABEL].to_numpy())
    table = (
        pl.DataFrame({"value": values, "y": rows[LABEL]})
        .group_by("value")
        .agg(pl.col("y").sum().cast(pl.Float64), pl.len().alias("size"))
        .sort("value")
    )
    effect = _effect(table["y"].to_numpy(), table["size"].to_numpy(), rate)
    return dict(zip(table["value"].to_list(), effect.tolist(), strict=True))


def apply(values: pl.Series, effects: dict[str, float]) -> Floats:
    """The effect of each value, 0 for those never seen."""
    found = values.replace_strict(effects, default=0.0, return_dtype=pl.Float64)
    return np.asarray(found.to_numpy(), dtype=np.float64)


def cross_fitted(values: pl.Series, rows: pl.DataFrame) -> Floats:
    """The effects as each training row may know them."""
    time = rows[TIME].to_numpy()
    if len(time) == 0 or time.min() == time.max():
        return in_parts(values, rows)
    frame = pl.DataFrame(
        {
            "value": values,
            "entity": rows[ENTITY],
            "at": time,
            "known": rows[KNOWN],
            "y": rows[LABEL],
        }
    ).with_row_index("row")
    total = _so_far(frame, [])
    own = _so_far(frame, ["value"])
    self_ = _so_far(frame, ["value", "entity"])
    won = own["won"].to_numpy() - self_["won"].to_numpy()
    size = own["size"].to_numpy() - self_["size"].to_numpy()
    overall = _prior(rows[LABEL].to_numpy())
    rate = (total["won"].to_numpy() + STRENGTH * overall) / (total["size"].to_numpy() + STRENGTH)
    return _effect(won, size, rate)


def _so_far(frame: pl.DataFrame, by: list[str]) -> pl.DataFrame:
    """Per row, in their order: outcomes and successes among its peers (`by`) that were known at its time."""
    won, size = pl.col("y").cast(pl.Float64).cum_sum(), pl.col("one").cum_sum()
    if by:
        won, size = won.over(by), size.over(by)
    ordered = frame.sort("known").with_columns(one=pl.lit(1.0))
    past = ordered.select(*by, "known", won.alias("won"), size.alias("size"))
    found = frame.sort("at").join_asof(
        past,
        left_on="at",
        right_on="known",
        by=by or None,
        strategy="backward",
        allow_exact_matches=False,
        check_sortedness=False,
    )
    return found.sort("row").with_columns(pl.col("won", "size").fill_null(0.0))


def in_parts(values: pl.Series, rows: pl.DataFrame) -> Floats:
    """Without times: each tenth of the entities is told by the other nine."""
    part = parts(rows, PARTS, seed=23)
    found = np.zeros(len(values))
    for number in range(PARTS):
        here = part == number
        if here.any() and not here.all():
            others = pl.Series(~here)
            effects = fit(values.filter(others), rows.filter(others))
            found[here] = apply(values.filter(pl.Series(here)), effects)
    return found


def _prior(label: Floats) -> float:
    return float((label.sum() + 0.5) / (len(label) + 1))


def _effect(won: Floats, size: Floats, rate: Floats | float) -> Floats:
    shrunk = (won + STRENGTH * rate) / (size + STRENGTH)
    return np.asarray(_logit(shrunk) - _logit(np.asarray(rate)))


def _logit(p: Floats) -> Floats:
    p = np.clip(p, 1e-6, 1 - 1e-6)
    return np.asarray(np.log(p / (1 - p)))
