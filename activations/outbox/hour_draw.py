"""The hours of many messages as arrays: which capacity is left for the assignment, and the draw that settles each hour.

A window is a set of messages that share their eligible hours; its slots are those hours in order, at most `SLOTS`, with
the local hour of each (-1: no such slot) and its moment in microseconds since 1970.
"""

from __future__ import annotations

import json

import numpy as np
import pyarrow as pa

from activations.outbox.assign import Indices

SLOTS = 24
MADE = pa.schema(
    [
        ("row", pa.int64()),
        ("options", pa.string()),
        ("propensities", pa.string()),
        ("chosen", pa.string()),
        ("propensity", pa.float64()),
        ("is_explore", pa.bool_()),
        ("moment", pa.timestamp("us")),
    ]
)


def hours_of(moment: Indices, local: Indices) -> tuple[Indices, int]:
    """Slots as numbers of UTC hours from the first on, and that first hour since 1970."""
    whole = moment // 3_600_000_000
    start = int(whole[local >= 0].min(initial=np.iinfo(np.int64).max)) if (local >= 0).any() else 0
    return np.where(local >= 0, whole - start, 0), start


def left(
    capacity: np.ndarray, hours: Indices, window: Indices, shared: Indices, open_: np.ndarray,
    explore: np.ndarray, control: np.ndarray,
) -> np.ndarray:  # fmt: skip
    """Capacity for the assignment: less the control group's hours, and room for those who will be drawn elsewhere."""
    if np.isinf(capacity).all():
        return capacity
    theirs = hours[window[control], shared[control]]
    room = capacity - np.bincount(theirs, minlength=len(capacity))
    count = np.maximum(open_.sum(axis=1), 1)
    weight = np.where(open_ & ~control[:, None], (explore / count)[:, None], 0.0)
    drawn = np.bincount(hours[window].ravel(), weights=weight.ravel(), minlength=len(capacity))
    kept = 1 - float(explore[~control].mean()) if (~control).any() else 1.0
    return np.asarray(np.floor(np.maximum(room - drawn, 0.0) / max(kept, 1e-9)))


def draw(
    rows: pa.Table, window: Indices, open_: np.ndarray, best: Indices, explore: np.ndarray,
    local: Indices, moment: Indices,
) -> pa.Table:  # fmt: skip
    """The draw: with the chance `explore` any open hour, else the assigned one; every hour's chance beside it."""
    count = open_.sum(axis=1)
    some = count > 0
    drawn = rows["whether"].to_numpy() < explore
    any_ = np.minimum((rows["which"].to_numpy() * count).astype(np.int64), np.maximum(count - 1, 0))
    chosen = np.where(drawn, any_, best)  # open slots come first, so the n-th open slot is slot n
    share = np.divide(explore, count, out=np.zeros(len(count)), where=some)
    own = share + (1 - explore)
    labels = _labels(local)
    texts = _texts(window, count, best, share, own, some)
    return pa.table(
        {
            "row": rows["row"].to_numpy()[some],
            "options": labels[window][some],
            "propensities": texts[some],
            "chosen": local[window, chosen.clip(0)][some].astype(str),
            "propensity": np.where(chosen == best, own, share)[some],
            "is_explore": drawn[some],
            "moment": moment[window, chosen.clip(0)][some].astype("datetime64[us]"),
        },
        schema=MADE,
    )


def _labels(local: Indices) -> np.ndarray:
    """Each window's local hours as a JSON list."""
    return np.array([json.dumps([str(h) for h in row if h >= 0]) for row in local], dtype=object)


def _texts(
    window: Indices, count: Indices, best: Indices, share: np.ndarray, own: np.ndarray, some: np.ndarray
) -> np.ndarray:  # fmt: skip
    """Every option's chance as a JSON list; few differ, so each is written once."""
    key = np.stack([count, best, np.round(share * 1e9), np.round(own * 1e9)], axis=1)
    distinct, where = np.unique(key, axis=0, return_inverse=True)
    written = []
    for number, place, low, high in distinct:
        low, high = low / 1e9, high / 1e9
        cells = [f"{high if slot == place else low:.6g}" for slot in range(int(number))]
        written.append("[" + ", ".join(cells) + "]")
    return np.asarray(np.array(written, dtype=object)[where.ravel()])
