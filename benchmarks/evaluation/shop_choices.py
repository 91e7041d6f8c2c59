"""The sample shop's people at 100,000 contacts: hours and variants that the models choose, against the planted truth.

People, visits and newsletters are drawn by the shop's own generator; a third of the newsletters went out at random
hours, every variant by equal chances. What a choice is worth is read from the planted chances, not from outcomes: the
oracle knows each contact's attention and group. EVALUATE_CONTACTS makes the shop smaller.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import polars as pl

from benchmarks.judged import Bar, Judged
from examples.shop import mail, web, world
from examples.shop.people import People, make_people, utc_to_local_hour
from ml.hours import HOURS
from ml.models import content, send_hour
from ml.result import Files
from ml.variants import SIDECAR

NEEDS: tuple[str, ...] = ()
CONTACTS = 100_000
AS_OF = datetime(2026, 6, 30, tzinfo=UTC)
DAYTIME = slice(6, 23)
LIKELIEST, POSSIBLE = "ours, likeliest variant", "planted rates, group guessed from the log"


def evaluate(data: Path) -> Iterator[Judged]:
    """See benchmarks.evaluation; `data` is not read."""
    size = int(os.environ.get("EVALUATE_CONTACTS", CONTACTS))
    rng = np.random.default_rng(7)
    people = make_people(rng, 1, size, int(AS_OF.timestamp()))
    sessions = web.make_sessions(rng, people)
    sent = mail.make_mails(rng, people, sessions)
    letters = np.char.startswith(sent.campaign.astype(str), "newsletter")
    mails = mail.Mails(
        *(part[letters] for part in (sent.person, sent.campaign, sent.variant, sent.sent))
    )
    happened = mail.events(rng, people, mails)
    # Machines' opens and clicks are marked by the warehouse's rules; here by what the generator made them of.
    human = (pl.col("agent") != mail.APPLE_AGENT) & (pl.col("url").is_null() | (pl.col("seq") == 5))
    opened, clicked = (
        np.isin(np.arange(len(mails.person)), happened.filter(human, event=event)["m"].to_numpy())
        for event in ("open", "click")
    )
    yield sending(people, sessions, mails, opened)
    yield contents(people, mails, opened, clicked)


def frame(people: People) -> pl.DataFrame:
    """dim_contacts as far as the models read it."""
    places = np.array([place[:2] for place in world.PLACES])[people.place]
    return pl.DataFrame(
        {
            "contact_id": people.contact_id.astype(str),
            "country": places[:, 0],
            "timezone": places[:, 1],
            "industry": ["company" if one else None for one in people.is_b2b],
            "acquisition_source": [None] * people.size,
            "created_at": pl.from_epoch(pl.Series(people.created)),
        },
        schema_overrides={"industry": pl.String, "acquisition_source": pl.String},
    )


def sending(
    people: People, sessions: web.Sessions, mails: mail.Mails, opened: np.ndarray
) -> Judged:
    """Best hours: the mean planted chance of an open at the chosen hours, by the local clock."""
    hour = utc_to_local_hour(people.place[mails.person], mails.sent)
    active = utc_to_local_hour(people.place[sessions.person], sessions.start)
    kinds = (
        ("sent", mails.person, hour),
        ("responded", mails.person[opened], hour[opened]),
        ("organic", sessions.person, active),
    )
    tables = {
        kind: np.bincount(who * HOURS + at, minlength=people.size * HOURS).reshape(-1, HOURS)
        for kind, who, at in kinds
    }
    rows = pl.concat(
        pl.DataFrame(
            {
                "contact_id": people.contact_id[np.nonzero(table)[0]].astype(str),
                "kind": [kind] * np.count_nonzero(table),
                "local_hour": np.nonzero(table)[1],
                "event_count": table[np.nonzero(table)],
            }
        )
        for kind, table in tables.items()
    )
    frames = {"contacts": frame(people), "hours": rows}
    trained = send_hour.MODEL.train(frames, AS_OF)
    found = send_hour.MODEL.score(trained.files, frames, AS_OF).sort("entity_id")
    chosen = found["value"].cast(pl.Int64).to_numpy()
    ahead = sum(np.roll(people.profile, -step, axis=1) for step in range(4))
    level = np.clip(0.28 * people.engagement**0.5, 0.02, 0.55)
    gets = people.email_opt_in
    chance = (level[:, None] * (0.25 + 1.9 * ahead))[:, DAYTIME][gets]
    row, best = np.arange(len(chance)), chance.mean(axis=0).max()
    sums, answers = tables["responded"].sum(axis=0) + 1.0, tables["responded"][gets]
    usual = int((sums / (tables["sent"].sum(axis=0) + 4.0))[DAYTIME].argmax())
    mode = np.where(answers.sum(axis=1) > 0, answers[:, DAYTIME].argmax(axis=1), usual)
    values = {
        "ours": chance[row, chosen[gets] - DAYTIME.start].mean(),
        "oracle": chance.max(axis=1).mean(),
        "best single hour, estimated": chance[:, usual].mean(),
        "hour of most opens": chance[row, mode].mean(),
        "ten o'clock": chance[:, 10 - DAYTIME.start].mean(),
    }
    told = {name: against(float(value), float(best)) for name, value in values.items()}
    ours = told.pop("ours")
    reached = (ours["value"] - best) / (values["oracle"] - best)
    return Judged(
        "shop_sending",
        "send hour",
        trained.verdict,
        {**ours, "gap_closed": float(reached)},
        told,
        (Bar("over_best_single", ">=", 0.0), Bar("gap_closed", ">=", 0.0)),
    )


def contents(people: People, mails: mail.Mails, opened: np.ndarray, clicked: np.ndarray) -> Judged:
    """Best variants: the mean planted click rate of an opened message under the chances that the model gives.

    Nothing but clicks tells of a contact's group, and most contacts clicked never or once; so beside the oracle, who
    knows each contact's group, stands whoever knows the groups' planted rates and has the log to guess from.
    """
    decided = pl.from_epoch(pl.Series(mails.sent))
    log = pl.DataFrame(
        {
            "message": ["newsletter"] * len(mails.person),
            "contact_id": people.contact_id[mails.person].astype(str),
            "options": ['["a", "b", "c"]'] * len(mails.person),
            "chosen": np.array(world.VARIANTS)[mails.variant],
            "propensity": [1 / 3] * len(mails.person),
            "is_explore": [True] * len(mails.person),
            "is_opened": opened,
            "is_clicked": clicked,
            "is_mature": [True] * len(mails.person),
            "decided_at": decided,
        }
    ).filter(pl.col("decided_at") < AS_OF.replace(tzinfo=None) - timedelta(days=3))
    frames = {"contacts": frame(people), "choices": log}
    trained = content.MODEL.train(frames, AS_OF)
    drawn = content.MODEL.tables(trained.files, frames, AS_OF)["variant_choices"].sort("contact_id")
    gets = people.email_opt_in & ~drawn["is_control"].to_numpy()
    chance = world.VARIANT_CLICK[people.group][gets]
    chances = np.array(drawn["propensities"].str.json_decode(pl.List(pl.Float64)).to_list())[gets]
    row, best = np.arange(len(chance)), chance.mean(axis=0).max()
    rates = [clicked[mails.variant == variant].mean() for variant in range(3)]
    guessed = guesses(people.size, mails, opened, clicked)[gets]
    values = {
        "ours": (chances * chance).sum(axis=1).mean(),
        LIKELIEST: chance[row, chances.argmax(axis=1)].mean(),
        "oracle": chance.max(axis=1).mean(),
        POSSIBLE: chance[row, guessed].mean(),
        "best single variant, estimated": chance[:, int(np.argmax(rates))].mean(),
        "equal shares": chance.mean(),
    }
    told = {name: against(float(value), float(best)) for name, value in values.items()}
    for one in told.values():
        one["gap_closed"] = float((one["value"] - best) / (values["oracle"] - best))
    ours = told.pop("ours")
    ours["of_possible"] = told[LIKELIEST]["gap_closed"] / told[POSSIBLE]["gap_closed"]
    ours["groups_recovered"] = recovered(trained.files)
    bars = [
        Bar("over_best_single", ">=", 0.0),
        Bar("of_possible", ">=", 0.8),
        Bar("groups_recovered", ">=", 3),
    ]
    return Judged("shop_content", "predictive content", trained.verdict, ours, told, tuple(bars))


def guesses(size: int, mails: mail.Mails, opened: np.ndarray, clicked: np.ndarray) -> np.ndarray:
    """The best variant for each contact by Bayes' rule, from the planted rates and what they opened and clicked."""
    place = mails.person * 3 + mails.variant
    opens, clicks = (
        np.bincount(place[kind], minlength=size * 3).reshape(-1, 3) for kind in (opened, clicked)
    )
    rate = world.VARIANT_CLICK
    evidence = clicks @ np.log(rate).T + (opens - clicks) @ np.log1p(-rate).T
    belongs = np.exp(evidence - evidence.max(axis=1, keepdims=True))
    return np.asarray((belongs @ rate).argmax(axis=1))


def recovered(files: Files) -> float:
    """How many planted groups the nearest learned group shares the best variant with."""
    told = json.loads(files[SIDECAR])["messages"]["newsletter"].get("tastes")
    if not told:
        return 0.0
    planted, learned = (np.log(rates) for rates in (world.VARIANT_CLICK, np.array(told["clicks"])))
    far = ((planted[:, None, :] - learned[None, :, :]) ** 2).sum(axis=2)
    same = planted.argmax(axis=1) == learned[far.argmin(axis=1)].argmax(axis=1)
    return float(same.sum())


def against(value: float, best: float) -> dict[str, float]:
    """A value beside that of the best single choice."""
    return {"value": value, "over_best_single": value / best - 1}
