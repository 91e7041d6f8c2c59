"""Open Bandit: what would showing items at random have earned? Answered from the log of a Bernoulli-Thompson policy.

Beside it stands the truth: the same shop showed items at random to others at the same time. Of the three logs the
women's must be refused, for two of its ten thousand rows carry all the weight.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import polars as pl

from benchmarks.judged import Bar, Judged
from ml import offpolicy
from ml.offpolicy import Log

CAMPAIGNS = ("all", "men", "women")
NEEDS = tuple(
    f"open_bandit/{policy}_{name}.csv.gz" for name in CAMPAIGNS for policy in ("bts", "random")
)
CLIP = 10.0
BARS = {
    "all": (Bar("estimable", ">=", 1), Bar("truth_in_interval", ">=", 1)),
    "men": (Bar("estimable", ">=", 1), Bar("truth_in_interval", ">=", 1)),
    "women": (Bar("estimable", "<=", 0), Bar("ess", "<=", 2.5)),
}


def read(path: Path) -> tuple[Log, np.ndarray]:
    """A log, each impression its own entity (who saw it is not told), and the items shown."""
    rows = pl.read_csv(path)
    return (
        Log(
            np.arange(rows.height),
            rows["click"].cast(pl.Float64).to_numpy(),
            rows["propensity_score"].to_numpy(),
        ),
        rows["item_id"].to_numpy(),
    )


def evaluate(data: Path) -> Iterator[Judged]:
    """See benchmarks.evaluation."""
    for name in CAMPAIGNS:
        log, items = read(data / f"open_bandit/bts_{name}.csv.gz")
        shown, _ = read(data / f"open_bandit/random_{name}.csv.gz")
        uniform = np.full(len(log), 1 / (items.max() + 1))
        known = offpolicy.support(log, uniform)
        found = offpolicy.snips(log, uniform, clip=CLIP)
        truth = float(shown.reward.mean())
        margin = 1.645 * np.sqrt(truth * (1 - truth) / len(shown))
        figures = {
            "estimable": float(found.refusal is None),
            "ess": known.ess,
            "weight_mean": known.mean,
            "weight_max": known.greatest,
            "truth": truth,
        }
        if found.refusal is None:
            figures["value"], figures["low"], figures["high"] = found.value, found.low, found.high
            figures["truth_in_interval"] = float(
                found.low <= truth + margin and truth - margin <= found.high
            )
        yield Judged(
            f"open_bandit_{name}",
            "value of showing at random",
            found.words,
            figures,
            {"logged mean (naive)": {"value": float(log.reward.mean())}},
            BARS[name],
        )
