"""Send hours on simulated answers of real people: what hours the model chooses, against the best single hour.

CollegeMsg's students with 20 messages or more lend 20,000 contacts their days. P(open | person, hour) is the person's
level × (.5 + .5 × attention in the next four hours), so the value of every choice is known. Messages went out at one
hour and, a tenth of them, at any hour; or all at any hour. "The hour of most opens" is in here as the known loser.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import polars as pl

from benchmarks.evaluation.hour_logs import counted, messages
from benchmarks.judged import Bar, Judged
from ml.attention import ahead
from ml.hours import HOURS, KINDS, smooth
from ml.models import send_hour
from ml.timing import TimingModel

NEEDS = ("collegemsg/CollegeMsg.txt.gz",)
AS_OF = datetime(2026, 6, 30, tzinfo=UTC)
CONTACTS, FEWEST, WINDOW, USUAL = 20_000, 20, 4, 10


@dataclass(frozen=True)
class Log:
    """How messages were sent, and what the bar for the gain over the best single hour is, if there is one."""

    name: str
    sends: int
    organic: int
    explore: float
    bar: float | None = None


LOGS = (
    Log("any_hour_20_sends", 20, 20, 1.0),
    Log("one_hour_20_sends_5_organic", 20, 5, 0.1, -0.005),
    Log("one_hour_20_sends_20_organic", 20, 20, 0.1, 0.02),
    Log("one_hour_60_sends_60_organic", 60, 60, 0.1),
)


def evaluate(data: Path) -> Iterator[Judged]:
    """See benchmarks.evaluation."""
    events = messages(data)
    (counts,) = counted(events, events["at"].is_not_null())
    days = smooth(counts[counts.sum(axis=1) >= FEWEST])
    days /= days.sum(axis=1, keepdims=True)
    for log in LOGS:
        yield judge(days, log)


def judge(days: np.ndarray, log: Log) -> Judged:
    """The mean over several draws of contacts and answers; where there is a bar, three."""
    draws = 1 if log.bar is None else 3
    found = [drawn(days, log, np.random.default_rng(seed)) for seed in range(draws)]
    gain = {name: float(np.mean([one[0][name] for one in found])) for name in found[0][0]}
    ours = gain.pop("ours")
    bars = () if log.bar is None else (Bar("gain", ">=", log.bar),)
    return Judged(
        f"collegemsg_{log.name}",
        "send hour",
        found[0][1],
        {"gain": ours, "over_most_opens": ours - gain["hour of most opens"]},
        {name: {"gain": value} for name, value in gain.items()},
        (*bars, Bar("over_most_opens", ">=", 0.1)),
    )


def drawn(days: np.ndarray, log: Log, rng: np.random.Generator) -> tuple[dict[str, float], str]:
    """Draw contacts and their log, learn, and value each way of choosing by the chances that it does not know."""
    day = days[rng.integers(0, len(days), CONTACTS)]
    near = ahead(day, WINDOW)
    chance = 0.5 + 0.5 * near / near.max(axis=1, keepdims=True)
    chance = rng.uniform(0.1, 0.75, (CONTACTS, 1)) * chance
    share = np.full(HOURS, log.explore / HOURS) + (1 - log.explore) * (np.arange(HOURS) == USUAL)
    sent = rng.multinomial(log.sends, share, size=CONTACTS)
    answered = rng.binomial(sent, chance)
    organic = rng.multinomial(log.organic, day)
    names = np.array([f"C{number:05}" for number in range(CONTACTS)])
    frames = {"contacts": _contacts(names), "hours": _hours(names, sent, answered, organic)}
    model = _any_hour()
    trained = model.train(frames, AS_OF)
    hour = model.score(trained.files, frames, AS_OF).sort("entity_id")["value"].to_numpy()
    rate = answered.sum(axis=0) / np.maximum(sent.sum(axis=0), 1)
    chosen = {
        "ours": hour.astype(int),
        "the best for each": chance.argmax(axis=1),
        "the hour of the best rate": np.full(CONTACTS, rate.argmax()),
        "own rate of answers by hour": ((answered + rate) / (sent + 1)).argmax(axis=1),
        "hour of most opens": np.where(answered.any(axis=1), answered.argmax(axis=1), USUAL),
    }
    best = float(chance.mean(axis=0).max())
    row = np.arange(CONTACTS)
    worth = {name: float(chance[row, hours].mean() / best - 1) for name, hours in chosen.items()}
    return worth, trained.verdict


def _any_hour() -> TimingModel:
    """The model that serves, with no hour forbidden."""
    spec = send_hour.SPEC
    return TimingModel(
        replace(spec, settings={**spec.settings, "first_hour": 0, "last_hour": HOURS - 1})
    )


def _contacts(names: np.ndarray) -> pl.DataFrame:
    return pl.DataFrame({"contact_id": names}).with_columns(
        country=pl.lit("US"), timezone=pl.lit("America/Los_Angeles")
    )


def _hours(names: np.ndarray, *matrices: np.ndarray) -> pl.DataFrame:
    """`int_contacts__hours` of counts by contact and hour, in the order of KINDS."""
    parts = []
    for kind, matrix in zip(KINDS, matrices, strict=True):
        who, hour = np.nonzero(matrix)
        parts.append(
            pl.DataFrame(
                {
                    "contact_id": names[who],
                    "kind": [kind] * len(who),
                    "local_hour": hour,
                    "event_count": matrix[who, hour],
                }
            )
        )
    return pl.concat(parts)
