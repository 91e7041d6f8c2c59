"""The send-hour model: one local hour per contact, from the most personal level that proved better than the next.

Levels: the contact's own hour, the cohort's, everyone's, and a default where nothing is known. A level speaks only
when, on contacts and messages it has not seen, answers were less surprising under it than under the level above.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

import numpy as np
import polars as pl

from ml import answer_days, attention, hours, mixture, timing_words
from ml.attention import Weights
from ml.errors import ArtifactError
from ml.gate import Gate, judge
from ml.hours import HOURS, Counts
from ml.metrics import Floats
from ml.mixture import Mixture
from ml.result import PREDICTIONS, Files, Frames, Metric, Trained
from ml.spec import Spec
from ml.weekdays import FLAT, Weekdays
from warehouse.dialect import columns, ident

SIDECAR = "hours.json"
PRIOR_WEIGHT = 0.25
FEWEST_INFORMATIVE = 50
HELD_OUT_SHARE = 0.4
# Hours differ between people by little (1 to 6 % of log loss on real data), and where nine tenths of the messages went
# at one hour most of the loss cannot differ at all: the bar is lower than for deals; the interval still excludes zero.
SMALLEST_SKILL = 0.0005
MOST_JUDGED = 200_000
CHUNK = 100_000
EVERYONE = 2
LEVELS = ("contact", "cohort", "everyone")


@dataclass(frozen=True)
class TimingModel:
    """Reads contacts and their hours; `spec.settings` holds the thresholds."""

    spec: Spec

    def queries(self) -> dict[str, str]:
        """See ml.result.Model."""
        activity, people = (ident(*relation.split(".")) for relation in self.spec.relations)
        counted = ["contact_id", "kind", "local_weekday", "local_hour", "event_count"]
        return {
            "hours": f"select {columns(counted)} from {activity}",
            "contacts": f"select {columns(['contact_id', 'country', 'timezone'])} from {people}",
        }

    def digest(self, frames: Frames, as_of: datetime) -> str:
        """See ml.result.Model."""
        counts = hours.count(frames["contacts"], frames["hours"])
        days = answer_days.messages(counts, frames["hours"])
        return f"{counts.digest()} {answer_days.digest(days)}"

    def train(self, frames: Frames, as_of: datetime) -> Trained:
        """See ml.result.Model."""
        counts = hours.count(frames["contacts"], frames["hours"])
        known = Learning(counts, self.spec)
        body, metrics, verdict = known.result()
        said = answer_days.words(Weekdays(FLAT, None, None))
        if body["level"] != "default":
            sent = answer_days.messages(counts, frames["hours"])
            curves = np.array(body["cohorts_curves"])
            days = answer_days.learn(counts, sent, curves, self.spec.seed)
            body["weekdays"] = days.factors.tolist() if days.speaks else []
            metrics, said = [*metrics, *answer_days.metrics(days)], answer_days.words(days)
        return Trained(
            is_promoted=body["level"] == "contact",
            verdict=verdict,
            files={SIDECAR: json.dumps(body, sort_keys=True, indent=1).encode()},
            metrics=tuple(metrics),
            trained_rows=len(counts.cohort),
            positives=int(counts.responded.sum()),
            features=("sent", "responded", "organic"),
            params={
                "level": body["level"],
                "weights": body["weights"],
                "seed": self.spec.seed,
                "weekday": said,
            },
        )

    def score(self, files: Files, frames: Frames, as_of: datetime) -> pl.DataFrame:
        """See ml.result.Model."""
        if SIDECAR not in files:
            raise ArtifactError(
                f"{self.spec.name}: {SIDECAR} is missing; delete the version's folder to retrain"
            )
        body = json.loads(files[SIDECAR])
        counts = hours.count(frames["contacts"], frames["hours"])
        size = len(counts.cohort)
        parts = [
            _score(counts.rows(slice(start, start + CHUNK)), body, self.spec)
            for start in range(0, size, CHUNK)
        ]
        found = pl.concat(parts) if parts else pl.DataFrame(schema=PREDICTIONS)
        return found.sort("entity_id")

    def tables(self, files: Files, frames: Frames, as_of: datetime) -> dict[str, pl.DataFrame]:
        """`ml.send_curves`: how good each local hour is, per contact and, under no contact, for everyone.

        `ml.send_weekdays`: what that is multiplied by on each weekday, where weekdays proved to differ.
        """
        body = json.loads(files[SIDECAR])
        counts = hours.count(frames["contacts"], frames["hours"])
        everyone = np.array(body["everyone"], dtype=np.float64)
        if body["level"] == "default":
            everyone[int(body["hour"])] += 0.01
        parts = [_curve_rows(pl.Series([""]), everyone[None, :], np.array([EVERYONE]))]
        size = len(counts.cohort) if body["level"] != "default" else 0
        for start in range(0, size, CHUNK):
            some = counts.rows(slice(start, start + CHUNK))
            found = _placed(some, body, self.spec)
            parts.append(_curve_rows(some.contacts, np.exp(found.log_values), found.level))
        days = answer_days.table(body.get("weekdays", []))
        return {"send_curves": pl.concat(parts), "send_weekdays": days}


class Learning:
    """Curves and weights from part of the contacts, judged on the others, then estimated from all."""

    def __init__(self, counts: Counts, spec: Spec) -> None:
        self.counts, self.spec = counts, spec
        self.answers = int(counts.responded.sum())
        self.metrics: list[Metric] = []

    def result(self) -> tuple[dict[str, Any], list[Metric], str]:
        """The model's file as plain data, the metrics, and the verdict in words."""
        need = int(self.spec.minimum.positives)
        informative = len(attention.informative(self.counts))
        if self.answers < need or informative < FEWEST_INFORMATIVE:
            few = f"{self.answers:,} of {need:,} {self.spec.minimum.positive_name}"
            if self.answers >= need:
                few = f"{informative:,} of {FEWEST_INFORMATIVE:,} contacts messaged at different hours who answered"
            return self._default(), [], f"not enough data: {few}"
        by_cohort, level, weights, verdict = self._judge()
        body = _curves(self.counts, self.spec, by_cohort)
        shape, shapes = hours.organic_shapes(self.counts, weights.kappa)
        body |= {"shape": shape.tolist(), "shapes": shapes.tolist()}
        days = mixture.fit(self.counts.organic, self.spec.seed)
        body |= {"days": days.profiles.tolist(), "days_share": days.share.tolist()}
        body |= {"days_everyone": days.everyone.tolist()}
        body |= {"level": level, "weights": asdict(weights)}
        for hour in range(HOURS):
            value = float(body["everyone"][hour])
            self.metrics.append(Metric("everyone", "curve", f"hour_{hour:02}", value))
        return body, self.metrics, verdict

    def _judge(self) -> tuple[bool, str, Weights, str]:
        """Learn on three fifths of the contacts, judge on the rest: does the cohort speak, which level, and why."""
        draw = np.random.default_rng(self.spec.seed).random(len(self.counts.cohort))
        held = np.flatnonzero(draw < min(HELD_OUT_SHARE, MOST_JUDGED / len(draw)))
        fit = self.counts.rows(np.flatnonzero(draw >= HELD_OUT_SHARE))
        history, target = attention.thin(self.counts.rows(held), self.spec.seed + 1)
        body = _curves(fit, self.spec, True)
        everyone, cohort = np.array(body["everyone"]), np.array(body["cohorts_curves"])
        losses = {
            "schedule": self._loss(target, "schedule", np.zeros((1, HOURS))),
            "everyone": self._loss(target, "everyone", np.log(everyone)[None, :]),
            "cohort": self._loss(target, "cohort", np.log(cohort)[target.cohort]),
        }
        raw = np.log((history.responded + 0.1) / (history.sent + 1.0))
        self._loss(target, "personal_histogram", raw)
        by_cohort = self._step(losses["cohort"], losses["everyone"]).passed
        base = "cohort" if by_cohort else "everyone"
        curves = cohort if by_cohort else np.tile(everyone, (len(cohort), 1))
        shapes = {k: hours.organic_shapes(fit, k)[1] for k in attention.ORGANIC_KAPPAS}
        telling = fit.rows(self._some(attention.informative(fit)))
        days = mixture.fit(fit.organic, self.spec.seed)
        weights = attention.learn_weights(
            *attention.thin(telling, self.spec.seed), curves, shapes, days
        )
        own = attention.profiles(
            history, curves, shapes[weights.kappa], weights.kappa, weights.window, days
        )
        moved = weights.organic * own[0] + weights.answers * own[1]
        losses["contact"] = self._loss(target, "contact", np.log(curves)[target.cohort] + moved)
        gate = self._step(losses["contact"], losses[base])
        self._record(gate, weights)
        if gate.passed and self._step(losses["contact"], losses["everyone"]).passed:
            return by_cohort, "contact", weights, gate.verdict
        who = "each cohort" if by_cohort else "everyone"
        return by_cohort, base, weights, f"{gate.verdict}; serving the hour of {who}"

    def _some(self, positions: np.ndarray) -> np.ndarray:
        """At most so many of the positions, drawn at random, in rising order."""
        most = min(len(positions), attention.LEARNING_CONTACTS)
        drawn = np.random.default_rng(self.spec.seed).choice(positions, most, replace=False)
        return np.sort(drawn)

    def _loss(self, target: Counts, name: str, log_chance: Floats) -> tuple[Floats, Floats]:
        """Loss and answers of every contact with an answer; put on record as log loss per answer."""
        loss, answers = attention.event_losses(target, log_chance)
        use = answers > 0
        found = {
            "log_loss": loss.sum() / max(answers.sum(), 1.0),
            "answers": answers.sum(),
            "contacts": use.sum(),
        }
        self.metrics += [Metric("test", name, key, float(value)) for key, value in found.items()]
        return loss[use], answers[use]

    def _record(self, gate: Gate, weights: Weights) -> None:
        found = {
            "skill": gate.skill,
            "low": gate.low,
            "high": gate.high,
            "weight_organic": weights.organic,
            "weight_answers": weights.answers,
        }
        self.metrics += [Metric("test", "gate", key, value) for key, value in found.items()]

    def _step(self, model: tuple[Floats, Floats], base: tuple[Floats, Floats]) -> Gate:
        """Judge per answer, contacts resampled whole."""
        mean = base[1].mean()
        contacts = np.arange(len(base[1]))
        return judge(
            model[0] / mean, base[0] / mean, contacts, self.spec.seed, needed=SMALLEST_SKILL
        )

    def _default(self) -> dict[str, Any]:
        """Nothing learned: the hour at which people are most active on their own, else the spec's."""
        flat = np.ones(HOURS)
        active = self.counts.organic.sum(axis=0, dtype=np.float64)
        hour = int(self.spec.settings["default_hour"])
        if active.sum() >= self.spec.minimum.positives:
            eligible = _eligible(self.spec)
            hour = int(eligible[hours.smooth(active)[eligible].argmax()])
        return {
            "level": "default",
            "hour": hour,
            "everyone": flat.tolist(),
            "cohorts": [],
            "weights": None,
        }


def _curve_rows(contacts: pl.Series, values: np.ndarray, level: np.ndarray) -> pl.DataFrame:
    names = pl.Series(LEVELS, dtype=pl.String)
    return pl.DataFrame(
        {
            "contact_id": contacts.cast(pl.String),
            "level": names[level.astype(np.int64)],
            "hour_values": pl.Series(values.astype(np.float32)),
        }
    )


def _eligible(spec: Spec) -> np.ndarray:
    return np.arange(int(spec.settings["first_hour"]), int(spec.settings["last_hour"]) + 1)


def _curves(counts: Counts, spec: Spec, by_cohort: bool) -> dict[str, Any]:
    """Everyone's and each cohort's curve, as plain data; one curve for all unless `by_cohort`."""
    strength = spec.settings["strength"]
    shape, _ = hours.organic_shapes(counts, 1.0)
    prior = (shape * HOURS) ** PRIOR_WEIGHT
    everyone = hours.curve(counts, prior / prior.mean(), strength)
    found = (
        hours.cohort_curves(counts, everyone, strength)
        if by_cohort
        else np.tile(everyone, (len(counts.cohorts), 1))
    )
    return {
        "everyone": everyone.tolist(),
        "cohorts": list(counts.cohorts),
        "cohorts_curves": found.tolist(),
    }


def _score(counts: Counts, body: dict[str, Any], spec: Spec) -> pl.DataFrame:
    """The hour, the level it comes from and the reasons of some contacts."""
    if body["level"] == "default":
        return timing_words.defaults(counts.contacts, body["hour"])
    found = _placed(counts, body, spec)
    facts = timing_words.Facts(
        counts, found.hour, found.level, found.gain, found.least, found.shared, found.usual
    )
    return timing_words.predictions(facts)


@dataclass(frozen=True)
class Placed:
    """Arrays over contacts: the hour, its level, the gain and at least, the cohort's hour; `log_values` is n × 24."""

    hour: np.ndarray
    level: np.ndarray
    gain: np.ndarray
    least: np.ndarray
    shared: np.ndarray
    usual: int
    log_values: np.ndarray


def _placed(counts: Counts, body: dict[str, Any], spec: Spec) -> Placed:
    """Where each contact stands: an own hour where it is credibly better, else the cohort's."""
    size, eligible = len(counts.cohort), _eligible(spec)
    everyone = np.array(body["everyone"])
    usual = int(eligible[everyone[eligible].argmax()])
    position = {name: index for index, name in enumerate(body["cohorts"])}
    known = np.array([position.get(name, -1) for name in counts.cohorts], dtype=np.int64)
    curves = np.vstack([np.array(body["cohorts_curves"]), everyone])
    shapes = np.vstack([np.array(body["shapes"]), body["shape"]])
    cohort = known[counts.cohort]
    moved = Counts(
        counts.contacts, counts.cohorts, cohort, counts.sent, counts.responded, counts.organic
    )
    shared = eligible[curves[:, eligible].argmax(axis=1)][cohort]
    gain = curves[cohort, shared] / curves[cohort, usual] - 1
    hour, level = shared, np.where(shared == usual, 2, 1)
    least = np.zeros(size)
    log_values = np.log(curves)[cohort].astype(np.float32)
    if body["level"] == "contact":
        weights = Weights(**body["weights"])
        profile, share, all_ = (np.array(body[n]) for n in ("days", "days_share", "days_everyone"))
        days = Mixture(profile, share, all_, weights.kappa)
        own, own_gain, cautious = attention.best_hours(
            moved, curves, shapes, weights, eligible, days
        )
        personal = cautious >= spec.settings["gain"]
        best = eligible[own[:, eligible].argmax(axis=1)]
        hour, level = np.where(personal, best, hour), np.where(personal, 0, level)
        gain, least = np.where(personal, own_gain, gain), np.where(personal, cautious, 0.0)
        log_values = np.where(personal[:, None], own, log_values)
    return Placed(hour, level, gain, least, shared, usual, log_values)
