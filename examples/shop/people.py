"""One block of contacts as arrays: who they are, when they are active, and the truths planted in them."""

from __future__ import annotations

from dataclasses import dataclass
from zoneinfo import ZoneInfo

import numpy as np
import polars as pl

from examples.shop import world
from examples.shop.world import DAY, HOUR


@dataclass
class People:
    """Arrays of one length n; times are UTC epoch seconds; `profile` is n × 24, local attention per hour."""

    number: np.ndarray
    contact_id: np.ndarray
    email: np.ndarray
    phone: np.ndarray
    place: np.ndarray
    is_b2b: np.ndarray
    account: np.ndarray
    created: np.ndarray
    active_from: np.ndarray
    active_until: np.ndarray
    engagement: np.ndarray
    profile: np.ndarray
    peak: np.ndarray
    group: np.ndarray
    email_opt_in: np.ndarray
    sms_opt_in: np.ndarray
    uses_apple: np.ndarray
    has_scanner: np.ndarray
    bounces: np.ndarray
    end: int

    @property
    def size(self) -> int:
        """How many contacts."""
        return len(self.number)


def make_people(rng: np.random.Generator, first: int, count: int, end: int) -> People:
    """Draw `count` contacts numbered from `first`, whose year ends at `end` (UTC epoch seconds)."""
    start = end - world.YEAR_DAYS * DAY
    number = np.arange(first, first + count)
    place = rng.choice(len(world.PLACES), count, p=[place[3] for place in world.PLACES])
    is_b2b = rng.random(count) < 0.25
    account = np.where(is_b2b, number // 12, -1)
    created = np.where(
        rng.random(count) < 0.65,
        start - (rng.beta(1, 1.5, count) * 700 * DAY).astype(np.int64),
        start + (rng.random(count) * (end - start - HOUR)).astype(np.int64),
    )
    kind = rng.choice(4, count, p=[0.08, 0.42, 0.30, 0.20])  # loyal, active, lapsing, gone
    level = np.array([2.6, 1.0, 0.8, 0.35])[kind] * rng.lognormal(-0.2, 0.6, count)
    active_from = np.maximum(created, start)
    lapse = start + (rng.uniform(0.15, 0.85, count) * (end - start)).astype(np.int64)
    gone = start + (rng.uniform(0.0, 0.15, count) * (end - start)).astype(np.int64)
    until = np.choose(kind, [np.full(count, end), np.full(count, end), lapse, gone])
    until = np.minimum(end, np.maximum(until, active_from + 2 * DAY))
    peak = (
        world.PEAKS[rng.choice(4, count, p=[0.2, 0.25, 0.25, 0.3])] + rng.integers(-1, 2, count)
    ) % 24
    phone = np.where(rng.random(count) < 0.55, _phones(number, place), "")
    return People(
        number=number,
        contact_id=_ids("C", number),
        email=_emails(number, is_b2b, account),
        phone=phone,
        place=place,
        is_b2b=is_b2b,
        account=account,
        created=created,
        active_from=active_from,
        active_until=until,
        engagement=level,
        profile=_profiles(peak, rng, count),
        peak=peak,
        group=rng.choice(3, count),
        email_opt_in=rng.random(count) < 0.75,
        sms_opt_in=(phone != "") & (rng.random(count) < 0.6),
        uses_apple=rng.random(count) < 0.30,
        has_scanner=is_b2b & (rng.random(count) < 0.4),
        bounces=rng.random(count) < 0.015,
        end=end,
    )


def local_hours_to_utc(place: np.ndarray, day: np.ndarray, local_second: np.ndarray) -> np.ndarray:
    """UTC epoch seconds of a local second of a local day (epoch days), by each contact's zone."""
    utc = np.zeros(len(place), dtype=np.int64)
    wall = (day * DAY + local_second).astype(np.int64)
    for index, (_, zone, _, _) in enumerate(world.PLACES):
        mine = place == index
        if mine.any():
            moved = (
                pl.Series(wall[mine] * 1_000_000)
                .cast(pl.Datetime("us"))
                .dt.replace_time_zone(
                    str(ZoneInfo(zone)), ambiguous="earliest", non_existent="null"
                )
            )
            seconds = moved.dt.epoch("s").to_numpy().astype(np.float64)
            utc[mine] = np.where(np.isnan(seconds), wall[mine] + HOUR, seconds).astype(np.int64)
    return utc


def utc_to_local_hour(place: np.ndarray, utc: np.ndarray) -> np.ndarray:
    """Local hour 0-23 of UTC epoch seconds, by each contact's zone."""
    hours = np.zeros(len(place), dtype=np.int64)
    for index, (_, zone, _, _) in enumerate(world.PLACES):
        mine = place == index
        if mine.any():
            moment = pl.Series(utc[mine] * 1_000_000).cast(pl.Datetime("us", "UTC"))
            hours[mine] = moment.dt.convert_time_zone(zone).dt.hour().to_numpy()
    return hours


def draw_hours(rng: np.random.Generator, profile: np.ndarray) -> np.ndarray:
    """One local hour per row of `profile` (m × 24), with the row's probabilities."""
    return (profile.cumsum(axis=1) < rng.random((len(profile), 1))).sum(axis=1).clip(0, 23)


def _profiles(peak: np.ndarray, rng: np.random.Generator, count: int) -> np.ndarray:
    hours = np.arange(24)
    distance = np.abs(hours[None, :] - peak[:, None])
    distance = np.minimum(distance, 24 - distance)
    bump = np.exp(-0.5 * (distance / world.PEAK_WIDTH_HOURS) ** 2)
    day = np.where((hours >= 7) & (hours <= 23), 1.0, 0.15)
    noise = rng.uniform(0.9, 1.1, (count, 24))
    flat = world.FLAT_SHARE * day / day.sum()
    profile = (flat + (1 - world.FLAT_SHARE) * bump / bump.sum(axis=1, keepdims=True)) * noise
    return profile / profile.sum(axis=1, keepdims=True)


def _ids(prefix: str, number: np.ndarray) -> np.ndarray:
    return (
        pl.Series(number)
        .cast(pl.String)
        .str.zfill(7)
        .to_frame("n")
        .select(pl.concat_str(pl.lit(prefix), "n"))
        .to_series()
        .to_numpy()
    )


def _emails(number: np.ndarray, is_b2b: np.ndarray, account: np.ndarray) -> np.ndarray:
    first = np.array(world.FIRST_NAMES)[number % len(world.FIRST_NAMES)]
    last = np.array(world.LAST_NAMES)[number // 7 % len(world.LAST_NAMES)]
    private = np.array(world.PRIVATE_DOMAINS)[number % len(world.PRIVATE_DOMAINS)]
    domain = np.where(
        is_b2b, np.char.add(np.char.add("acct", account.astype(str)), ".example"), private
    )
    local = np.char.add(
        np.char.add(np.char.add(np.char.lower(first), "."), np.char.lower(last)), number.astype(str)
    )
    return np.char.add(np.char.add(local, "@"), domain)


def _phones(number: np.ndarray, place: np.ndarray) -> np.ndarray:
    codes = np.array([world.DIAL[place[0]] for place in world.PLACES])[place]
    line = np.char.zfill((200_000_000 + number * 7919 % 700_000_000).astype(str), 9)
    return np.char.add(np.char.add("+", codes), line)
