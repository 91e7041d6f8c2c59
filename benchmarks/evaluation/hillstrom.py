"""Hillstrom's e-mail experiment: who visits because of which e-mail? Half of the customers teach, the others judge.

64,000 customers got at random nothing, an e-mail on men's or on women's goods. Uplift is judged by the area between the
Qini curve and the diagonal, divided by half the whole uplift (normalised Qini), and by the uplift of the best 30 %; the
policy over both e-mails by what visitors it earns against always sending men's.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import polars as pl

from benchmarks.judged import Bar, Judged
from ml import content, offpolicy
from ml.metrics import Floats
from ml.offpolicy import Log

NEEDS = ("hillstrom_email/hillstrom.csv.gz",)
ARMS = ("No E-Mail", "Mens E-Mail", "Womens E-Mail")
SEEDS = range(5)
TOP = 0.3


def read(data: Path) -> tuple[Floats, np.ndarray, Floats]:
    """Features (12 numbers), the arm's number and whether the customer visited."""
    rows = pl.read_csv(data / NEEDS[0], infer_schema_length=None)
    features = rows.select(
        pl.col("recency") / 12,
        pl.col("history").log1p() / 6,
        pl.col("mens").cast(pl.Float64),
        pl.col("womens").cast(pl.Float64),
        (pl.col("mens") * pl.col("womens")).cast(pl.Float64).alias("both"),
        pl.col("newbie").cast(pl.Float64),
        *((pl.col("zip_code") == zone).cast(pl.Float64).alias(zone) for zone in ("Surburban", "Rural")),
        *((pl.col("channel") == one).cast(pl.Float64).alias(one) for one in ("Phone", "Multichannel")),
    )  # fmt: skip
    arm = rows["segment"].replace_strict(ARMS, range(3)).to_numpy()
    return features.to_numpy(), arm, rows["visit"].cast(pl.Float64).to_numpy()


def qini(uplift: Floats, treated: np.ndarray, y: Floats) -> tuple[float, float]:
    """Normalised Qini, and the uplift among the best 30 %."""
    order = np.argsort(-uplift, kind="stable")
    treated, y = treated[order], y[order]
    given, kept = treated.cumsum(), (~treated).cumsum()
    ratio = given / np.maximum(kept, 1)
    gain = (y * treated).cumsum() - (y * ~treated).cumsum() * ratio
    share = np.arange(1, len(y) + 1) / len(y)
    area = np.trapezoid(gain - gain[-1] * share, share)
    top = slice(0, int(TOP * len(y)))
    best = y[top][treated[top]].mean() - y[top][~treated[top]].mean()
    return float(area / (abs(gain[-1]) / 2)), float(best)


def evaluate(data: Path) -> Iterator[Judged]:
    """See benchmarks.evaluation."""
    features, arm, y = read(data)
    found: dict[str, list[tuple[float, float]]] = {"ours": [], "response": [], "random": []}
    values: dict[str, list[float]] = {"ours": [], "mens": [], "random": []}
    verdict = ""
    for seed in SEEDS:
        rng = np.random.default_rng(seed)
        teach = rng.random(len(y)) < 0.5
        model = content.fit(features[teach], arm[teach], y[teach], 3)
        expected = model.expected(features[~teach])
        there, test_y = arm[~teach], y[~teach]
        pair = (there == 0) | (there == 2)
        for name, score in (
            ("ours", expected[:, 2] - expected[:, 0]),
            ("response", expected[:, 2]),
            ("random", rng.random(len(there))),
        ):
            found[name].append(qini(score[pair], there[pair] == 2, test_y[pair]))
        mail = there > 0
        rows = np.flatnonzero(mail)
        log = Log(rows, test_y[mail], np.full(len(rows), 0.5), there[mail] - 1)
        own = (expected[mail, 2] > expected[mail, 1]).astype(int)
        for name, choice in (("ours", own), ("mens", np.zeros(len(rows), int))):
            values[name].append(offpolicy.snips(log, (choice == log.chosen).astype(float)).value)
        values["random"].append(float(log.reward.mean()))
        mailed = teach & (arm > 0)
        known = features[mailed]
        contest = content.contest(
            np.flatnonzero(mailed),
            lambda _, known=known: known,
            arm[mailed] - 1,
            y[mailed],
            2,
            seed,
        )
        verdict = f"personal against the best single e-mail: {contest.lift.words}"
    means = {name: np.mean(both, axis=0) for name, both in found.items()}
    spread = float(np.std(values["mens"], ddof=1))
    ours = float(np.mean(values["ours"]))
    yield Judged(
        "hillstrom",
        "predictive content",
        verdict,
        {
            "qini": float(means["ours"][0]),
            "uplift_30": float(means["ours"][1]),
            "policy": ours,
            "policy_sds_over_mens": (ours - float(np.mean(values["mens"]))) / spread,
        },
        {
            "response model": {"qini": means["response"][0], "uplift_30": means["response"][1]},
            "random": {
                "qini": means["random"][0], "uplift_30": means["random"][1], "policy": float(np.mean(values["random"])),
            },
            "always men's": {"policy": float(np.mean(values["mens"])), "policy_sds_over_mens": 0.0},
        },
        (Bar("qini", ">=", 0.33), Bar("uplift_30", ">=", 0.07), Bar("policy_sds_over_mens", ">=", -1)),
    )  # fmt: skip
