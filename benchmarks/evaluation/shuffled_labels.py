"""Labels dealt anew by chance: how often does the gate let a model through that can know nothing?

Tables of a few hundred rows, numbers and texts that are truly related to each other, and labels that are not; rows with
a time, entities that come again and again, and rows without a time. Every promotion is a false one. EVALUATE_SEEDS says
how many tables of each shape (40).
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import polars as pl
from scipy.stats import beta

from benchmarks.judged import Bar, Judged
from ml.learner import learn

NEEDS: tuple[str, ...] = ()
SEEDS, ROWS = 40, 600
START, AS_OF = datetime(2025, 1, 1, tzinfo=UTC), datetime(2026, 6, 1, tzinfo=UTC)
SHAPES = {
    "rows with a time": (ROWS, True),
    "entities again and again": (ROWS // 6, True),
    "no time": (ROWS, False),
}


def evaluate(data: Path) -> Iterator[Judged]:
    """See benchmarks.evaluation; `data` is not read."""
    seeds = int(os.environ.get("EVALUATE_SEEDS", SEEDS))
    found = {
        shape: [promoted(seed, *how) for seed in range(seeds)] for shape, how in SHAPES.items()
    }
    everything = [one for told in found.values() for one in told]
    false = sum(everything)
    # Clopper and Pearson's upper bound of 95 %.
    most = float(beta.ppf(0.95, false + 1, len(everything) - false))
    yield Judged(
        "shuffled_labels",
        "skill gate",
        f"{false} of {len(everything)} models of shuffled labels were promoted, at most {most:.1%} in the long run",
        {
            "tables": len(everything),
            "false_promotion_rate": false / len(everything),
            "at_most": most,
        },
        {
            shape: {"tables": len(told), "false_promotion_rate": float(np.mean(told))}
            for shape, told in found.items()
        },
        (Bar("false_promotion_rate", "<=", 0.05),),
    )


def promoted(seed: int, entities: int, timed: bool) -> bool:
    """Whether the gate lets a model of one such table through."""
    rows = table(seed, entities)
    time, ignore = ("at", ()) if timed else (None, ("at",))
    return learn(rows, label="y", entity="who", time=time, ignore=ignore, as_of=AS_OF).is_promoted


def table(seed: int, entities: int) -> pl.DataFrame:
    """Rows whose label is drawn anew for each, about a third of them true."""
    rng = np.random.default_rng(seed)
    level = rng.normal(size=ROWS)
    return pl.DataFrame(
        {
            "who": [f"e{number % entities}" for number in range(ROWS)],
            "at": [START + timedelta(hours=14 * number) for number in range(ROWS)],
            **{f"number_{n}": level + rng.normal(size=ROWS) for n in range(5)},
            "kind": rng.choice(["a", "b", "c"], ROWS),
            "many": np.char.add("v", rng.integers(0, 40, ROWS).astype(str)),
            "y": rng.permutation(np.arange(ROWS) % 3 == 0),
        }
    )
