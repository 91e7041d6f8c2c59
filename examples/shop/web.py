"""Site behaviour in the Segment spec: anonymous visits, identify, carts, orders and refunds, session by session."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from examples.shop import world
from examples.shop.people import People, draw_hours, local_hours_to_utc
from examples.shop.world import DAY, HOUR
from examples.shop.write import iso, text

SESSIONS_PER_YEAR = 16.0
USER_AGENT = "Mozilla/5.0 (X11; Linux x86_64) Shop/1.0"


@dataclass
class Sessions:
    """Arrays of one length m: whose session, when it began (UTC), on which device, how far it went."""

    person: np.ndarray
    start: np.ndarray
    device: np.ndarray
    known: np.ndarray
    identifies: np.ndarray
    depth: np.ndarray
    number: np.ndarray


def make_sessions(rng: np.random.Generator, people: People) -> Sessions:
    """Draw each contact's sessions within the time they are active, at hours they like."""
    span = (people.active_until - people.active_from) / (world.YEAR_DAYS * DAY)
    before = people.created > people.end - world.YEAR_DAYS * DAY
    counts = rng.poisson(SESSIONS_PER_YEAR * people.engagement * span) + before
    person = np.repeat(np.arange(people.size), counts)
    since = np.maximum(people.active_from - 20 * DAY * before, people.end - world.YEAR_DAYS * DAY)[
        person
    ]
    day = (since + rng.random(len(person)) * (people.active_until[person] - since)) // DAY
    hour = draw_hours(rng, people.profile[person])
    second = hour * HOUR + rng.integers(0, HOUR, len(person))
    start = local_hours_to_utc(people.place[person], day, second)
    keep = (start < people.end - 2 * HOUR) & (start >= people.end - world.YEAR_DAYS * DAY)
    order = np.lexsort((start[keep], person[keep]))
    person, start = person[keep][order], start[keep][order]
    device = (rng.random(len(person)) < 0.25).astype(np.int64)
    known = start >= people.created[person]
    frame = pl.DataFrame({"p": person, "d": device, "k": known})
    first = frame.select(
        (pl.col("k") & (pl.col("k").cast(pl.Int64).cum_sum().over("p", "d") == 1)).alias("first")
    )["first"].to_numpy()
    intent = rng.random(len(person)) + 0.05 * np.minimum(people.engagement[person], 3)
    depth = np.digitize(intent, [0.30, 0.68, 0.80, 0.88])  # visit, views, cart, checkout, order
    depth = np.where(known, depth, np.minimum(depth, 2))
    return Sessions(person, start, device, known, first, depth, np.arange(len(person)))


def events(
    rng: np.random.Generator, people: People, sessions: Sessions, block: int
) -> pl.DataFrame:
    """All site events of the block as columns of a Segment message, one row per event, by time."""
    parts = [
        _pages(rng, sessions),
        _views(rng, sessions),
        _identifies(people, sessions),
        _carts(rng, sessions, block),
        _forms(rng, people, sessions),
    ]
    frame = pl.concat(parts, how="diagonal_relaxed").filter(pl.col("t") < people.end)
    session = frame["s"].to_numpy()
    person = sessions.person[session]
    names = people.contact_id[person]
    device = np.char.add(
        np.char.add("a-", people.number[person].astype(str)),
        np.where(sessions.device[session] == 0, "-w", "-m"),
    )
    shown = sessions.known[session] & (
        (frame["s"].to_numpy() % 10 < 8) | (frame["type"].to_numpy() == "identify")
    )
    return (
        frame.with_columns(
            pl.Series("anonymous", device),
            pl.Series("user", names),
            pl.Series("shown", shown),
            pl.Series("zone", np.array([place[1] for place in world.PLACES])[people.place[person]]),
        )
        .sort("t", "s", "seq")
        .with_row_index("i")
        .with_columns(text("ev-§-§", pl.lit(block), pl.col("i")).alias("message_id"))
    )


def json_lines(frame: pl.DataFrame) -> pl.Series:
    """Each event as one JSON object in the shape that a Segment source delivers."""
    quoted = text('"§"', pl.col("user"))
    return (
        frame.with_columns(iso("t"))
        .select(
            text(
                '{"type":"§",§"messageId":"§","anonymousId":"§","userId":§,"timestamp":"§",'
                '"sentAt":"§","receivedAt":"§","properties":§,"traits":§,"context":{"timezone":"§",'
                '"userAgent":"§","library":{"name":"analytics.js"}},"integrations":§}',
                pl.col("type"),
                pl.when(pl.col("event").is_null())
                .then(pl.lit(""))
                .otherwise(text('"event":"§",', "event")),
                pl.col("message_id"),
                pl.col("anonymous"),
                pl.when(pl.col("shown")).then(quoted).otherwise(pl.lit("null")),
                pl.col("t"),
                pl.col("t"),
                pl.col("t"),
                pl.col("properties").fill_null("{}"),
                pl.col("traits").fill_null("{}"),
                pl.col("zone"),
                pl.lit(USER_AGENT),
                pl.lit("{}"),
            )
        )
        .to_series()
    )


def _expand(sessions: Sessions, counts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Indexes of sessions repeated `counts` times, and the running number within each."""
    index = np.repeat(sessions.number, counts)
    within = np.arange(len(index)) - np.repeat(np.cumsum(counts) - counts, counts)
    return index, within


def _pages(rng: np.random.Generator, sessions: Sessions) -> pl.DataFrame:
    index, within = _expand(sessions, 1 + rng.poisson(1.2, len(sessions.start)))
    path = np.array(["/", "/new", "/sale", "/about", "/pricing"])[rng.integers(0, 5, len(index))]
    frame = pl.DataFrame(
        {"s": index, "seq": within, "t": sessions.start[index] + within * 25, "path": path}
    )
    url = text('{"path":"§","url":"https://shop.example§"}', "path", "path")
    return frame.with_columns(pl.lit("page").alias("type"), url.alias("properties")).drop("path")


def _views(rng: np.random.Generator, sessions: Sessions) -> pl.DataFrame:
    index, within = _expand(
        sessions, np.where(sessions.depth >= 1, 1 + rng.poisson(1.3, len(sessions.depth)), 0)
    )
    frame = _products(rng, len(index)).with_columns(
        pl.Series("s", index),
        pl.Series("seq", within + 100),
        pl.Series("t", sessions.start[index] + 40 + within * 30),
    )
    body = text(
        '{"product_id":"§","sku":"§","name":"§","category":"§","price":§,"currency":"EUR"}',
        "product_id",
        "sku",
        "name",
        "category",
        "price",
    )
    return frame.select(
        "s",
        "seq",
        "t",
        pl.lit("track").alias("type"),
        pl.lit("Product Viewed").alias("event"),
        body.alias("properties"),
    )


def _identifies(people: People, sessions: Sessions) -> pl.DataFrame:
    index = sessions.number[sessions.identifies]
    person = sessions.person[index]
    frame = pl.DataFrame(
        {
            "s": index,
            "t": sessions.start[index] + 5,
            "email": people.email[person],
            "zone": people.place[person],
        }
    )
    traits = text('{"email":"§"}', "email")
    return frame.select(
        "s", pl.lit(50).alias("seq"), "t", pl.lit("identify").alias("type"), traits.alias("traits")
    )


def _forms(rng: np.random.Generator, people: People, sessions: Sessions) -> pl.DataFrame:
    b2b = people.is_b2b[sessions.person]
    index = sessions.number[
        (sessions.depth >= 1) & sessions.known & (rng.random(len(b2b)) < np.where(b2b, 0.12, 0.02))
    ]
    form = np.array(["demo_request", "newsletter", "price_list"])[rng.integers(0, 3, len(index))]
    frame = pl.DataFrame({"s": index, "t": sessions.start[index] + 200, "form": form})
    return frame.select(
        "s",
        pl.lit(300).alias("seq"),
        "t",
        pl.lit("track").alias("type"),
        pl.lit("Form Submitted").alias("event"),
        text('{"form":"§"}', "form").alias("properties"),
    )


def _products(rng: np.random.Generator, count: int) -> pl.DataFrame:
    catalogue = world.products()
    pick = rng.integers(0, len(catalogue), count)
    columns = list(zip(*catalogue, strict=True))
    frame = {
        name: np.array(values)[pick]
        for name, values in zip(
            ("product_id", "sku", "name", "category", "cents"), columns, strict=True
        )
    }
    return pl.DataFrame(frame).with_columns((pl.col("cents") / 100).round(2).alias("price"))


def _carts(rng: np.random.Generator, sessions: Sessions, block: int) -> pl.DataFrame:
    """Product Added, Checkout Started, Order Completed and Order Refunded of the sessions that got that far."""
    index = sessions.number[sessions.depth >= 2]
    quantity = 1 + (rng.random(len(index)) < 0.25)
    items = _products(rng, len(index)).with_columns(
        pl.Series("s", index),
        pl.Series("start", sessions.start[index]),
        pl.Series("depth", sessions.depth[index]),
        pl.Series("quantity", quantity),
        pl.Series("refunded", rng.random(len(index)) < 0.04),
        pl.Series("wait", rng.integers(3 * DAY, 20 * DAY, len(index))),
        pl.Series("discounted", rng.random(len(index)) < 0.2),
    )
    items = items.with_columns(
        text("cart-§-§", pl.lit(block), pl.col("s")).alias("cart"),
        text("O-§-§", pl.lit(block), pl.col("s")).alias("order"),
        (pl.col("price") * pl.col("quantity")).round(2).alias("subtotal"),
    ).with_columns(
        (pl.col("subtotal") * pl.when("discounted").then(0.1).otherwise(0.0))
        .round(2)
        .alias("discount")
    )
    items = items.with_columns(
        (pl.col("subtotal") - pl.col("discount")).round(2).alias("revenue"),
        pl.when(pl.col("subtotal") < 50).then(4.9).otherwise(0.0).alias("shipping"),
    ).with_columns((pl.col("revenue") * 0.2).round(2).alias("tax"))
    items = items.with_columns(
        (pl.col("revenue") + pl.col("shipping") + pl.col("tax")).round(2).alias("total")
    )
    product = text(
        '{"product_id":"§","sku":"§","name":"§","category":"§","price":§,"quantity":§',
        "product_id",
        "sku",
        "name",
        "category",
        "price",
        "quantity",
    )
    order = text(
        '{"order_id":"§","cart_id":"§","total":§,"subtotal":§,"revenue":§,"shipping":§,"tax":§,"discount":§,"currency":"EUR","products":[§}]}',
        "order", "cart", "total", "revenue", "revenue", "shipping", "tax", "discount", product,
    )  # fmt: skip
    steps = (
        ("Product Added", 2, 120, text('§,"cart_id":"§","currency":"EUR"}', product, "cart"), 200),
        (
            "Checkout Started",
            3,
            300,
            text('{"cart_id":"§","value":§,"currency":"EUR"}', "cart", "subtotal"),
            201,
        ),
        ("Order Completed", 4, 420, order, 202),
    )
    parts = [
        items.filter(pl.col("depth") >= depth).select(
            "s", pl.lit(seq).alias("seq"), (pl.col("start") + delay).alias("t"),
            pl.lit("track").alias("type"), pl.lit(name).alias("event"), body.alias("properties"),
        )
        for name, depth, delay, body, seq in steps
    ]  # fmt: skip
    refund = text('{"order_id":"§","total":§,"currency":"EUR"}', "order", "total")
    parts.append(
        items.filter(pl.col("refunded") & (pl.col("depth") >= 4)).select(
            "s", pl.lit(203).alias("seq"), (pl.col("start") + pl.col("wait")).alias("t"),
            pl.lit("track").alias("type"), pl.lit("Order Refunded").alias("event"), refund.alias("properties"),
        )
    )  # fmt: skip
    return pl.concat(parts)
