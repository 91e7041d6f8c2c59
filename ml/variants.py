"""The content model: for each message with variants whether to learn, to prefer or to personalise, and who gets which.

It reads the log of choices only: variants that were offered, the chance each had, what was clicked. A message goes
through three phases: equal shares until every variant has 300 clicks or 5,000 messages; Thompson sampling over variants
for all alike; Thompson sampling by contact, once that beats the best single variant on messages that chance alone
decided. A tenth of contacts gets equal shares for ever.
"""

from __future__ import annotations

import base64
import hashlib
import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
import polars as pl

from ml import content, tastes
from ml.contact_facts import Matrix, history, totals, vocabulary
from ml.content import Fitted
from ml.frames import digest as frame_digest
from ml.frames import require
from ml.metrics import Floats
from ml.result import PREDICTIONS, Files, Frames, Metric, Trained
from ml.spec import Spec
from ml.tastes import Tastes
from warehouse.dialect import columns, ident

SIDECAR = "content.json"
CONTROL_PERCENT = 10
LEARNING, PREFER, PERSONAL = "learning", "prefer", "personal"
CHOICES = (
    "message", "contact_id", "options", "chosen", "propensity", "is_explore", "is_opened", "is_clicked", "is_mature",
    "decided_at",
)  # fmt: skip
PEOPLE = ("contact_id", "country", "industry", "acquisition_source", "created_at")


@dataclass(frozen=True)
class ContentModel:
    """Reads choices and contacts; predictions are one row per message, `tables` one per contact and message."""

    spec: Spec

    def queries(self) -> dict[str, str]:
        """See ml.result.Model."""
        log, people = (ident(*relation.split(".")) for relation in self.spec.relations)
        return {
            "choices": f"select {columns(list(CHOICES))} from {log} where kind = 'variant' and is_mature "
            "and contact_id is not null",
            "contacts": f"select {columns(list(PEOPLE))} from {people}",
        }

    def digest(self, frames: Frames, as_of: datetime) -> str:
        """See ml.result.Model."""
        return (
            frame_digest(frames["choices"].unique())
            + frame_digest(frames["contacts"].unique())[:16]
        )

    def train(self, frames: Frames, as_of: datetime) -> Trained:
        """See ml.result.Model."""
        require(frames["choices"], CHOICES, self.spec.relations[0])
        require(frames["contacts"], PEOPLE, self.spec.relations[1])
        words = vocabulary(frames["contacts"])
        found: dict[str, Any] = {}
        metrics: list[Metric] = []
        for name, rows in groups(frames["choices"]):
            found[name], told = _learn(name, rows, frames["contacts"], words, self.spec)
            metrics += told
        personal = [name for name, one in found.items() if one["phase"] == PERSONAL]
        verdict = "; ".join(f"{name}: {one['verdict']}" for name, one in found.items())
        body = {"messages": found, "vocabulary": words}
        return Trained(
            is_promoted=bool(personal),
            verdict=verdict
            or f"not enough data: 0 of {content.ENOUGH_CLICKS} {self.spec.minimum.positive_name}",
            files={SIDECAR: json.dumps(body, sort_keys=True).encode()},
            metrics=tuple(metrics),
            trained_rows=frames["choices"].height,
            positives=int(frames["choices"]["is_clicked"].sum()),
            features=(
                "country",
                "industry",
                "acquisition_source",
                "tenure",
                "own opens and clicks by variant",
            ),
            params={"phases": {name: one["phase"] for name, one in found.items()}},
        )

    def score(self, files: Files, frames: Frames, as_of: datetime) -> pl.DataFrame:
        """One row per message: the best single variant's click rate, and whether contacts get their own."""
        messages = json.loads(files[SIDECAR])["messages"]
        return pl.DataFrame(
            {
                "entity_id": list(messages),
                "value": [one["rate"] for one in messages.values()],
                "is_fallback": [one["phase"] != PERSONAL for one in messages.values()],
                "fallback_reason": [None if one["phase"] == PERSONAL else one["verdict"] for one in messages.values()],
                "reasons": [json.dumps([f"best for all: {one['best']}", one["verdict"]]) for one in messages.values()],
            },
            schema=PREDICTIONS,
        )  # fmt: skip

    def tables(self, files: Files, frames: Frames, as_of: datetime) -> dict[str, pl.DataFrame]:
        """`ml.variant_choices`: the variant drawn for every contact and message, with every variant's chance."""
        body = json.loads(files[SIDECAR])
        people = frames["contacts"].unique("contact_id", keep="any").sort("contact_id")
        logged = dict(groups(frames["choices"]))
        parts = [
            _drawn(name, one, people, logged.get(name), body["vocabulary"], as_of)
            for name, one in body["messages"].items()
        ]
        empty = pl.DataFrame(schema=dict.fromkeys(("contact_id", "message", "variant"), pl.String))
        return {"variant_choices": pl.concat(parts) if parts else empty}


def groups(choices: pl.DataFrame) -> list[tuple[str, pl.DataFrame]]:
    """Each message's rows among the variants that it was last offered with, in order."""
    found = []
    for (name,), rows in sorted(choices.unique().group_by(["message"])):
        ordered = rows.sort("decided_at", "contact_id", "chosen")
        options = ordered["options"][-1]
        kept = ordered.filter(pl.col("options") == options)
        if len(json.loads(options)) > 1:
            found.append((str(name), kept))
    return found


def _learn(
    name: str, rows: pl.DataFrame, people: pl.DataFrame, words: dict[str, list[str]], spec: Spec
) -> tuple[dict[str, Any], list[Metric]]:
    """One message's phase, its coefficients and what is told of it."""
    options: list[str] = json.loads(rows["options"][0])
    chosen = (
        rows["chosen"]
        .replace_strict(options, range(len(options)), return_dtype=pl.Int64)
        .to_numpy()
    )
    reward = rows["is_clicked"].cast(pl.Float64).to_numpy()
    count = len(options)
    clicks = np.bincount(chosen, weights=reward, minlength=count)
    sent = np.bincount(chosen, minlength=count)
    rate = clicks / np.maximum(sent, 1)
    best = int(rate.argmax())
    told = [
        Metric("all", f"{name}: {option}", "click_rate", float(rate[n]))
        for n, option in enumerate(options)
    ]
    base = {"options": options, "best": options[best], "rate": float(rate[best]), "phase": LEARNING}
    if content.is_learning(chosen, reward, count):
        few = int(np.argmin(np.maximum(clicks / content.ENOUGH_CLICKS, sent / content.ENOUGH_SENT)))
        base["verdict"] = (
            f"equal shares: {options[few]} has {int(clicks[few]):,} of {content.ENOUGH_CLICKS} clicks and "
            f"{int(sent[few]):,} of {content.ENOUGH_SENT:,} messages"
        )
        return base, told
    chance = rows["is_explore"].to_numpy()
    past, matrix = history(rows, options), Matrix(words, options)
    who = matrix.who(rows, people)

    def features(known: pl.DataFrame) -> tuple[Floats, Tastes]:
        groups = tastes.fit(totals(known, options), spec.seed)
        return matrix.of(who, past, groups), groups

    contest = content.contest(
        rows["contact_id"].to_numpy()[chance],
        lambda here: features(rows.filter(chance)[here])[0][chance],
        chosen[chance], reward[chance], count, spec.seed, rows["propensity"].to_numpy()[chance],
        matrix.kinds(),
    )  # fmt: skip
    base["phase"] = PERSONAL if contest.personal else PREFER
    against = f"own variants against {options[contest.best]} for all: {contest.lift.words}"
    base["verdict"] = (
        f"personal: {against}" if contest.personal else f"no signal for own variants: {against}"
    )
    used, kinds = np.zeros((rows.height, 0)), None
    if contest.personal:
        used, groups = features(rows)
        kinds = matrix.kinds()
        base["tastes"] = groups.as_dict()
        told += _told(name, options, groups)
    fitted = content.fit(used, chosen, reward, count, kinds)
    base["mean"] = fitted.mean.tolist()
    base["factor"] = base64.b64encode(fitted.factor.astype("<f8").tobytes()).decode()
    if contest.lift.refusal is None:
        skill = contest.lift.value / max(contest.single.value, 1e-9)
        figures = {"skill": skill, "low": contest.lift.low, "high": contest.lift.high}
        told += [Metric("test", "gate", key, float(value)) for key, value in figures.items()]
    return base, told


def _told(name: str, options: list[str], groups: Tastes) -> list[Metric]:
    """Each group's share and what it clicks of an opened message, by variant."""
    found = []
    for number, share in enumerate(groups.share):
        who = f"{name}: group {number + 1}"
        found.append(Metric(who, "group", "share", float(share)))
        found += [
            Metric(who, option, "click_rate", float(rate))
            for option, rate in zip(options, groups.clicks[number], strict=True)
        ]
    return found


def _drawn(
    name: str, one: dict[str, Any], people: pl.DataFrame, rows: pl.DataFrame | None,
    words: dict[str, list[str]], as_of: datetime,
) -> pl.DataFrame:  # fmt: skip
    """What everybody gets of one message."""
    options = one["options"]
    count, size = len(options), people.height
    chances = np.full((size, count), 1 / count)
    if one["phase"] != LEARNING:
        fitted = _fitted(one)
        features = np.zeros((1, 0))
        if one["phase"] == PERSONAL:
            now = people.select("contact_id", decided_at=pl.lit(as_of).cast(pl.Datetime("us")))
            known = history(rows, options, now) if rows is not None else None
            matrix = Matrix(words, options)
            features = matrix.of(matrix.who(now, people), known, Tastes.from_dict(one["tastes"]))
        wins = fitted.wins(features, seed=7)
        chances = np.broadcast_to(content.floored(wins), (size, count)).copy()
    names = people["contact_id"].to_list()
    control = np.array([_bucket(f"content control|{who}", 100) < CONTROL_PERCENT for who in names])
    chances[control] = 1 / count
    draw = np.array(
        [(_bucket(f"{name}|{who}|{as_of:%Y-%m-%d}", 10**6) + 0.5) / 10**6 for who in names]
    )
    drawn = (
        np.minimum((chances.cumsum(axis=1) < draw[:, None]).sum(axis=1), count - 1)
        if size
        else np.zeros(0, int)
    )
    explore = control | (one["phase"] == LEARNING)
    reason = np.where(control, "equal shares for ever, to measure", _words(one))
    return pl.DataFrame(
        {
            "contact_id": people["contact_id"],
            "message": [name] * size,
            "options": [json.dumps(options)] * size,
            "propensities": _json(chances),
            "variant": np.array(options, dtype=object)[drawn],
            "propensity": chances[np.arange(size), drawn],
            "is_explore": explore,
            "is_control": control,
            "reason": reason,
        },
        schema_overrides={"variant": pl.String, "reason": pl.String},
    )


def _words(one: dict[str, Any]) -> str:
    return {
        LEARNING: "equal shares until enough is known",
        PREFER: f"mostly {one['best']}: best for all, nothing shows that contacts differ",
        PERSONAL: "by what this contact is likely to click",
    }[str(one["phase"])]


def _fitted(one: dict[str, Any]) -> Fitted:
    mean = np.array(one["mean"])
    factor = np.frombuffer(base64.b64decode(one["factor"]), dtype="<f8").reshape(len(mean), -1)
    return Fitted(len(one["options"]), mean, factor)


def _json(chances: Floats) -> list[str]:
    frame = pl.DataFrame(chances.round(6), schema=[str(n) for n in range(chances.shape[1])])
    text = pl.concat_str([pl.col(name).cast(pl.String) for name in frame.columns], separator=", ")
    return frame.select(pl.format("[{}]", text)).to_series().to_list()


def _bucket(text: str, buckets: int) -> int:
    """As warehouse.dialect.bucket counts."""
    return int(hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()[:8], 16) % buckets
