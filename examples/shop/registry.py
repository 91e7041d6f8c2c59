"""The shop's own tables: contacts (some of them twice), tags, consents, products, and the planted truth per contact."""

from __future__ import annotations

import numpy as np
import polars as pl

from examples.shop import world
from examples.shop.people import People
from examples.shop.world import DAY
from examples.shop.write import iso, text

DUPLICATE_SHARE = 0.02


def contacts(rng: np.random.Generator, people: People, block: int) -> pl.DataFrame:
    """One row per contact, and a second one with another id and spelling for two in a hundred."""
    number, size = people.number, people.size
    place = np.array([(country, zone, city) for country, zone, city, _ in world.PLACES])[
        people.place
    ]
    days = 3000 + number * 7919 % 15000
    frame = pl.DataFrame(
        {
            "contact_id": people.contact_id, "email": people.email, "phone": people.phone,
            "first_name": np.array(world.FIRST_NAMES)[number % len(world.FIRST_NAMES)],
            "last_name": np.array(world.LAST_NAMES)[number // 7 % len(world.LAST_NAMES)],
            "account": people.account,
            "job_title": np.array(world.TITLES)[number % len(world.TITLES)],
            "country": place[:, 0], "city": place[:, 2], "timezone": place[:, 1],
            "acquisition_source": np.array(world.SOURCES)[number % len(world.SOURCES)],
            "birthday": days, "created_at": people.created, "b2b": people.is_b2b,
            "no_zone": rng.random(size) < 0.03,
        }
    )  # fmt: skip
    b2b = pl.col("b2b")
    frame = frame.select(
        "contact_id",
        "email",
        pl.when(pl.col("phone") == "").then(None).otherwise(pl.col("phone")).alias("phone"),
        "first_name",
        "last_name",
        pl.when(b2b).then(text("Account §", "account")).alias("company"),
        pl.when(b2b).then(pl.col("job_title")).alias("job_title"),
        pl.when(b2b).then(5 + pl.col("account") * 37 % 900).alias("company_size"),
        pl.when(b2b)
        .then(pl.col("account") % len(world.INDUSTRIES))
        .replace_strict(dict(enumerate(world.INDUSTRIES)), default=None, return_dtype=pl.String)
        .alias("industry"),
        "country",
        "city",
        pl.when(pl.col("no_zone")).then(None).otherwise(pl.col("timezone")).alias("timezone"),
        "acquisition_source",
        pl.when(b2b)
        .then(text("A§", pl.col("account").cast(pl.String).str.zfill(6)))
        .alias("account_id"),
        pl.from_epoch(pl.col("birthday"), time_unit="d").alias("birthday"),
        "created_at",
        pl.col("created_at").alias("updated_at"),
    )
    again = frame.filter(pl.Series(rng.random(size) < DUPLICATE_SHARE)).with_row_index("k")
    later = pl.min_horizontal(pl.col("created_at") + 40 * DAY, pl.lit(people.end - 1))
    again = again.with_columns(
        text("C9§§", pl.lit(f"{block:03}"), pl.col("k").cast(pl.String).str.zfill(5)).alias(
            "contact_id"
        ),
        text(" § ", pl.col("email").str.to_uppercase()).alias("email"),
        later.alias("created_at"),
        later.alias("updated_at"),
    ).drop("k")
    return (
        pl.concat([frame, again])
        .sort("created_at", "contact_id")
        .with_columns(iso("created_at"), iso("updated_at"))
    )


def tags(rng: np.random.Generator, people: People) -> pl.DataFrame:
    """Declared tags of some contacts, a few undeclared ones, some removed again."""
    pick = np.flatnonzero(rng.random(people.size) < 0.4)
    names = np.array(world.TAGS + world.UNDECLARED_TAGS)
    share = np.array([0.22, 0.22, 0.15, 0.25, 0.10, 0.03, 0.03])
    added = np.minimum(
        people.created[pick] + rng.integers(0, 30, len(pick)) * DAY, people.end - DAY
    )
    removed = np.where(
        rng.random(len(pick)) < 0.1, np.minimum(added + 20 * DAY, people.end - 1), -1
    )
    frame = pl.DataFrame(
        {"contact_id": people.contact_id[pick], "tag": names[rng.choice(len(names), len(pick), p=share)],
         "added_at": added, "removed_at": removed}
    )  # fmt: skip
    frame = frame.with_columns(
        pl.when(pl.col("removed_at") >= 0).then(pl.col("removed_at")).alias("removed_at")
    )
    return frame.with_columns(iso("added_at"), iso("removed_at"))


def consents(rng: np.random.Generator, people: People) -> pl.DataFrame:
    """Opt-ins at sign-up (one in five confirmed), later opt-outs, and a few who came back."""

    def part(
        which: np.ndarray,
        address: np.ndarray,
        channel: str,
        status: np.ndarray | str,
        at: np.ndarray,
        method: str,
    ) -> pl.DataFrame:
        index = np.flatnonzero(which)
        statuses = status[index] if isinstance(status, np.ndarray) else np.full(len(index), status)
        return pl.DataFrame(
            {"address": address[index], "channel": np.full(len(index), channel), "purpose": np.full(len(index), "marketing"),
             "status": statuses, "method": np.full(len(index), method), "occurred_at": at[index]}
        )  # fmt: skip

    size, end = people.size, people.end
    double = np.where(rng.random(size) < 0.2, "double_opt_in", "opt_in")
    out_at = people.created + (rng.random(size) * (end - people.created)).astype(np.int64)
    leaves = people.email_opt_in & (rng.random(size) < 0.05)
    returns = leaves & (rng.random(size) < 0.2)
    back_at = np.minimum(out_at + 30 * DAY, end - 1)
    stops = people.sms_opt_in & (rng.random(size) < 0.06)
    frame = pl.concat(
        [
            part(people.email_opt_in, people.email, "email", double, people.created, "signup_form"),
            part(leaves, people.email, "email", "opt_out", out_at, "preference_page"),
            part(
                returns & (back_at > out_at),
                people.email,
                "email",
                "double_opt_in",
                back_at,
                "preference_page",
            ),
            part(people.sms_opt_in, people.phone, "sms", "opt_in", people.created, "checkout"),
            part(stops, people.phone, "sms", "opt_out", out_at, "stop_reply"),
        ]
    )
    return frame.sort("occurred_at", "address", "channel").with_columns(iso("occurred_at"))


def products() -> pl.DataFrame:
    """One row per product."""
    return pl.DataFrame(
        world.products(),
        schema=["product_id", "sku", "name", "category", "price_cents"],
        orient="row",
    )


def truth(people: People) -> pl.DataFrame:
    """What was planted per contact: peak local hour, best variant, engagement, and the attention of each hour."""
    best = np.array(world.VARIANTS)[world.VARIANT_CLICK[people.group].argmax(axis=1)]
    frame = pl.DataFrame(
        {"contact_id": people.contact_id, "true_peak_hour": people.peak, "variant_group": people.group,
         "true_best_variant": best, "true_engagement": people.engagement}
    )  # fmt: skip
    return frame.with_columns(
        pl.Series("attention", people.profile.round(6).tolist(), dtype=pl.List(pl.Float64))
    )
