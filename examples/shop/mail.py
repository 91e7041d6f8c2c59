"""E-mail as SendGrid reports it: newsletters, welcome mails and cart reminders with opens, clicks, machines and bounces."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from examples.shop import world
from examples.shop.people import People, utc_to_local_hour
from examples.shop.web import Sessions
from examples.shop.world import DAY, HOUR
from examples.shop.write import text

NEWSLETTERS = 26
AGENT = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) Mail/1.0"
APPLE_AGENT = "Mozilla/5.0"  # all that Apple's mail privacy proxy says
GOOGLE_AGENT = (
    "Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)"
)


@dataclass
class Mails:
    """Arrays of one length: recipient, campaign, variant index and UTC time of sending."""

    person: np.ndarray
    campaign: np.ndarray
    variant: np.ndarray
    sent: np.ndarray


def make_mails(rng: np.random.Generator, people: People, sessions: Sessions) -> Mails:
    """Every mail of the year: newsletters to those who opted in, a welcome, a reminder for each cart left."""
    parts = [_newsletter(rng, people, week) for week in range(NEWSLETTERS)]
    fresh = np.flatnonzero(
        people.email_opt_in & (people.created > people.end - world.YEAR_DAYS * DAY)
    )
    parts.append(_mails(rng, fresh, "welcome", people.created[fresh] + 600))
    left = sessions.number[np.isin(sessions.depth, (2, 3)) & people.email_opt_in[sessions.person]]
    names = np.char.add("cart_reminder_", left.astype(str))
    parts.append(_mails(rng, sessions.person[left], names, sessions.start[left] + HOUR))
    joined = [
        np.concatenate([getattr(part, name) for part in parts])
        for name in ("person", "campaign", "variant", "sent")
    ]
    mails = Mails(*joined)
    keep = mails.sent < people.end - HOUR
    return Mails(
        *(values[keep] for values in (mails.person, mails.campaign, mails.variant, mails.sent))
    )


def events(rng: np.random.Generator, people: People, mails: Mails) -> pl.DataFrame:
    """SendGrid event-webhook objects as columns, one row per event, by time."""
    count = len(mails.person)
    person = mails.person
    bounced = people.bounces[person]
    delivered = ~bounced & (rng.random(count) > 0.01)
    at = mails.sent + rng.integers(1, 20, count)
    attention = _attention(people, person, at)
    level = np.clip(0.28 * people.engagement[person] ** 0.5, 0.02, 0.55)
    alive = (mails.sent < people.active_until[person] + 10 * DAY).astype(float)
    opens = delivered & (
        rng.random(count) < level * (0.25 + 1.9 * attention) * (0.15 + 0.85 * alive)
    )
    click_rate = world.VARIANT_CLICK[people.group[person], mails.variant]
    clicks = opens & (rng.random(count) < click_rate)
    open_at = at + 20 + (rng.exponential(1.6 * HOUR, count)).astype(np.int64)
    click_at = open_at + rng.integers(8, 240, count)
    prefetched = delivered & people.uses_apple[person]
    scanned = delivered & people.has_scanner[person] & (rng.random(count) < 0.8)
    leaves = delivered & (rng.random(count) < 0.004)
    complains = delivered & (rng.random(count) < 0.0006)
    google = (people.number[person] % 3 == 0) & ~people.uses_apple[person]
    agent = np.where(google, GOOGLE_AGENT, AGENT)
    everyone = np.ones(count, dtype=bool)
    parts = [
        _part("processed", everyone, mails.sent, 0),
        _part("delivered", delivered, at, 1),
        _part(
            "bounce",
            bounced,
            at,
            2,
            reason="550 5.1.1 mailbox does not exist",
            bounce_type="bounce",
        ),
        _part(
            "open", prefetched, at + rng.integers(5, 900, count), 3, agent=APPLE_AGENT, machine=True
        ),
        _part("open", opens, open_at, 4, agent=agent),
        _part("click", clicks, click_at, 5, agent=agent, url="https://shop.example/offer"),
        *(
            _part(
                "click", scanned, at + 1, 6 + link, agent=AGENT, url=f"https://shop.example/{path}"
            )
            for link, path in enumerate(("offer", "about", "unsubscribe"))
        ),
        _part("unsubscribe", leaves, click_at + 60, 9, agent=agent),
        _part("spamreport", complains, open_at + 90, 10),
    ]
    frame = pl.concat(parts, how="diagonal_relaxed").filter(pl.col("t") < people.end)
    index = frame["m"].to_numpy()
    return frame.with_columns(
        pl.Series("email", people.email[person[index]]),
        pl.Series("campaign", mails.campaign[index]),
        pl.Series("contact_id", people.contact_id[person[index]]),
        pl.Series("variant", np.array(world.VARIANTS)[mails.variant[index]]),
    ).sort("t", "m", "seq")


def json_lines(frame: pl.DataFrame, block: int) -> pl.Series:
    """Each event as one JSON object with our custom arguments flattened to the top level, as SendGrid sends them."""

    def optional(name: str, column: str, quote: bool = True) -> pl.Expr:
        shape = f',"{name}":"§"' if quote else f',"{name}":§'
        return pl.when(pl.col(column).is_null()).then(pl.lit("")).otherwise(text(shape, column))

    return frame.select(
        text(
            '{"email":"§","timestamp":§,"event":"§","sg_event_id":"sg-§-§-§","sg_message_id":"msg-§-§.filter0",'
            '"smtp-id":"<§-§@shop.example>","category":["§"]§§§§§,"message_key":"§:§","campaign":"§","variant":"§"}',
            "email", "t", "event", pl.lit(block), "m", "seq", pl.lit(block), "m", pl.lit(block), "m", "campaign",
            optional("useragent", "agent"), optional("url", "url"), optional("reason", "reason"),
            optional("type", "bounce_type"), optional("sg_machine_open", "machine", quote=False),
            "campaign", "contact_id", "campaign", "variant",
        )
    ).to_series()  # fmt: skip


def _newsletter(rng: np.random.Generator, people: People, week: int) -> Mails:
    start = people.end - world.YEAR_DAYS * DAY
    day = start + (week * 14 + 3) * DAY
    gets = np.flatnonzero(people.email_opt_in & (people.created < day))
    randomly = rng.random(len(gets)) < world.RANDOM_SEND_SHARE
    hour = np.where(randomly, rng.integers(0, 24, len(gets)), world.CAMPAIGN_HOUR_UTC)
    return _mails(
        rng, gets, f"newsletter_{week:02}", day + hour * HOUR + rng.integers(0, 600, len(gets))
    )


def _mails(
    rng: np.random.Generator, person: np.ndarray, campaign: str | np.ndarray, sent: np.ndarray
) -> Mails:
    names = np.full(len(person), campaign) if isinstance(campaign, str) else campaign
    return Mails(person, names, rng.integers(0, 3, len(person)), sent.astype(np.int64))


def _attention(people: People, person: np.ndarray, at: np.ndarray) -> np.ndarray:
    """The share of the day's attention in the four hours after delivery, 1 being four average hours times six."""
    hour = utc_to_local_hour(people.place[person], at)
    profile = people.profile[person]
    rows = np.arange(len(person))
    return sum(profile[rows, (hour + ahead) % 24] for ahead in range(4))


def _part(
    event: str,
    which: np.ndarray,
    at: np.ndarray,
    seq: int,
    agent: np.ndarray | str | None = None,
    url: str | None = None,
    reason: str | None = None,
    bounce_type: str | None = None,
    machine: bool | None = None,
) -> pl.DataFrame:
    index = np.flatnonzero(which)
    shown = agent[index] if isinstance(agent, np.ndarray) else agent
    return pl.DataFrame({"m": index, "t": at[index]}).with_columns(
        pl.lit(event).alias("event"),
        pl.lit(seq).alias("seq"),
        (
            pl.Series("agent", shown)
            if isinstance(shown, np.ndarray)
            else pl.lit(shown, pl.String).alias("agent")
        ),
        pl.lit(url, pl.String).alias("url"),
        pl.lit(reason, pl.String).alias("reason"),
        pl.lit(bounce_type, pl.String).alias("bounce_type"),
        pl.lit("true" if machine else None, pl.String).alias("machine"),
    )
