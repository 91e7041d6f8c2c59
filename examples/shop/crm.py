"""The CRM's exports: accounts, owners, deals with stage history and changes, tasks, and each deal's planted chance."""

from __future__ import annotations

import numpy as np
import polars as pl

from examples.shop import world
from examples.shop.people import People
from examples.shop.world import DAY, HOUR
from examples.shop.write import text, timestamp

MINIMUM_DEALS = 900
CONTACTS_PER_DEAL = 5
MEAN_LIFE_DAYS = 55


def accounts(people: People) -> pl.DataFrame:
    """One row per account of the block's B2B contacts."""
    numbers = np.unique(people.account[people.account >= 0])
    industry = np.array(world.INDUSTRIES)[numbers % len(world.INDUSTRIES)]
    employees = 5 + numbers * 37 % 900
    return pl.DataFrame({"number": numbers, "industry": industry, "employees": employees}).select(
        text("A§", pl.col("number").cast(pl.String).str.zfill(6)).alias("account_id"),
        text("Account §", "number").alias("name"),
        text("acct§.example", "number").alias("domain"),
        "industry",
        "employees",
        (pl.col("employees") * 9_000_000).alias("annual_revenue_cents"),
        pl.lit("DE").alias("country"),
        text("W§", pl.col("number") % world.OWNERS).alias("owner_id"),
        pl.lit("2024-01-15T09:00:00Z").alias("created_at"),
    )


def owners() -> pl.DataFrame:
    """One row per salesperson."""
    numbers = np.arange(world.OWNERS)
    return pl.DataFrame({"n": numbers}).select(
        text("W§", "n").alias("owner_id"),
        text("Owner §", "n").alias("name"),
        text("owner§@shop.example", "n").alias("email"),
        pl.when(pl.col("n") % 2 == 0)
        .then(pl.lit("inside"))
        .otherwise(pl.lit("field"))
        .alias("team"),
        pl.Series("region", np.array(world.REGIONS)[numbers % 3]),
    )


def make_deals(rng: np.random.Generator, people: People, block: int) -> dict[str, pl.DataFrame]:
    """deals, deal_stages, deal_changes, tasks and the truth of the block's deals."""
    b2b = np.flatnonzero(people.is_b2b)
    count = max(people.size // CONTACTS_PER_DEAL, MINIMUM_DEALS if block == 0 else 0)
    if not len(b2b) or not count:
        return {}
    who = rng.choice(b2b, count)
    start = people.end - world.YEAR_DAYS * DAY
    created = start + (rng.random(count) * (people.end - start - DAY)).astype(np.int64)
    life = np.clip(rng.gamma(2.2, MEAN_LIFE_DAYS / 2.2, count), 6, 200)
    owner = rng.integers(0, world.OWNERS, count)
    source = rng.choice(len(world.SOURCES), count, p=[0.3, 0.2, 0.25, 0.15, 0.1])
    amount = np.exp(rng.normal(9.0, 0.9, count)) * 100
    interest = rng.normal(0, 1, count)
    pushes = rng.poisson(0.5, count)
    regressions = (rng.random(count) < 0.18).astype(int)
    industry = people.account[who] % len(world.INDUSTRIES)
    weight = world.WIN_WEIGHTS
    logit = (
        weight["intercept"]
        + weight["interest"] * interest
        + weight["engagement"] * np.log(people.engagement[who])
        + weight["owner_skill"] * world.owner_skill()[owner]
        + weight["industry"] * world.INDUSTRY_FIT[industry]
        + weight["source"] * world.SOURCE_EFFECT[source]
        + weight["push"] * pushes
        + weight["regression"] * regressions
        + weight["amount"] * (np.log(amount) - 9.0 - np.log(100))
    )
    chance = 1 / (1 + np.exp(-logit))
    won = rng.random(count) < chance
    closed = created + (life * DAY).astype(np.int64)
    is_open = closed >= people.end
    deal = np.arange(count)
    base = pl.DataFrame(
        {
            "d": deal, "created": created, "closed": closed, "open": is_open, "won": won, "owner": owner,
            "source": np.array(world.SOURCES)[source], "amount": amount.astype(np.int64), "account": people.account[who],
            "contact_id": people.contact_id[who], "chance": chance, "life": life, "interest": interest,
            "pushes": pushes, "regressions": regressions, "quits": rng.uniform(0.2, 1.0, count),
        }
    ).with_columns(text("D§-§", pl.lit(block), "d").alias("deal_id"))  # fmt: skip
    end = people.end
    return {
        "deals": _deals(base, end),
        "deal_stages": _stages(rng, base, end),
        "deal_changes": _changes(rng, base, end),
        "tasks": _tasks(rng, base, end),
        "truth": base.select(
            "deal_id",
            pl.col("chance").alias("true_win_probability"),
            "interest",
            "pushes",
            "regressions",
            pl.col("open").alias("is_open"),
        ),
    }


def _deals(base: pl.DataFrame, end: int) -> pl.DataFrame:
    status = (
        pl.when("open")
        .then(pl.lit("open"))
        .when("won")
        .then(pl.lit("won"))
        .otherwise(pl.lit("lost"))
    )
    closed = pl.when("open").then(None).otherwise(pl.col("closed"))
    return base.select(
        "deal_id",
        text("Deal §", "deal_id").alias("name"),
        text("A§", pl.col("account").cast(pl.String).str.zfill(6)).alias("account_id"),
        "contact_id",
        text("W§", "owner").alias("owner_id"),
        pl.when(pl.col("d") % 3 == 0)
        .then(pl.lit("expansion"))
        .otherwise(pl.lit("new_business"))
        .alias("pipeline"),
        "source",
        pl.lit("EUR").alias("currency"),
        pl.col("amount").alias("amount_cents"),
        pl.from_epoch(pl.col("created") + (pl.col("pushes") * 20 + 60) * DAY, time_unit="s")
        .dt.date()
        .alias("expected_close_on"),
        status.alias("status"),
        pl.col("created").alias("created_at"),
        closed.alias("closed_at"),
        pl.min_horizontal(pl.col("closed"), pl.lit(end)).alias("updated_at"),
    ).with_columns(timestamp("created_at"), timestamp("closed_at"), timestamp("updated_at"))


def _stages(rng: np.random.Generator, base: pl.DataFrame, end: int) -> pl.DataFrame:
    """qualified, proposal, negotiation, sometimes one step back, then won or lost; lost deals may stop early."""
    jitter = pl.Series("j", rng.uniform(0.8, 1.2, base.height))
    base = base.with_columns(jitter)
    reach = pl.when("won").then(1.0).otherwise(pl.col("quits"))
    steps = [("qualified", 0.0, None), ("proposal", 0.30, None), ("negotiation", 0.60, None)]
    parts = [
        base.filter(reach >= share).select(
            "deal_id", pl.lit(stage).alias("stage"),
            (pl.col("created") + (share * pl.col("j").clip(0.8, 1.2) * pl.col("life") * DAY).cast(pl.Int64)).alias("entered_at"),
        )
        for stage, share, _ in steps
    ]  # fmt: skip
    back = base.filter((pl.col("regressions") > 0) & (reach >= 0.6))
    for stage, share in (("proposal", 0.78), ("negotiation", 0.90)):
        when = (pl.col("created") + (share * pl.col("life") * DAY).cast(pl.Int64)).alias(
            "entered_at"
        )
        parts.append(back.select("deal_id", pl.lit(stage).alias("stage"), when))
    early = base.filter((pl.col("regressions") > 0) & (reach < 0.6) & (reach >= 0.3))
    parts.append(
        early.select(
            "deal_id",
            pl.lit("qualified").alias("stage"),
            (pl.col("created") + (0.5 * pl.col("life") * DAY).cast(pl.Int64)).alias("entered_at"),
        )
    )
    outcome = pl.when("won").then(pl.lit("won")).otherwise(pl.lit("lost")).alias("stage")
    parts.append(
        base.filter(~pl.col("open")).select(
            "deal_id", outcome, pl.col("closed").alias("entered_at")
        )
    )
    frame = pl.concat(parts).filter(pl.col("entered_at") < end)
    return frame.sort("deal_id", "entered_at").with_columns(timestamp("entered_at"))


def _changes(rng: np.random.Generator, base: pl.DataFrame, end: int) -> pl.DataFrame:
    """The creation values, each push of the close date, and some changes of the amount."""
    first = base.select(
        "deal_id", pl.lit("expected_close_on").alias("field"), pl.lit(None, pl.String).alias("old_value"),
        _date(pl.col("created") + 60 * DAY).alias("new_value"), pl.col("created").alias("changed_at"),
    )  # fmt: skip
    index = np.repeat(np.arange(base.height), base["pushes"].to_numpy())
    within = np.arange(len(index)) - np.repeat(
        np.cumsum(base["pushes"].to_numpy()) - base["pushes"].to_numpy(), base["pushes"].to_numpy()
    )
    pushed = base[index].with_columns(
        pl.Series("k", within), pl.Series("u", rng.uniform(0.1, 0.9, len(index)))
    )
    pushes = pushed.select(
        "deal_id", pl.lit("expected_close_on").alias("field"),
        _date(pl.col("created") + (60 + pl.col("k") * 20) * DAY).alias("old_value"),
        _date(pl.col("created") + (80 + pl.col("k") * 20) * DAY).alias("new_value"),
        (pl.col("created") + (pl.col("u") * pl.col("life") * DAY).cast(pl.Int64)).alias("changed_at"),
    )  # fmt: skip
    factor = pl.Series(
        "f", np.where(rng.random(base.height) < 0.25, rng.uniform(0.7, 1.3, base.height), 1.0)
    )
    priced = base.with_columns(factor).with_columns(
        (pl.col("amount") * pl.col("f")).cast(pl.Int64).alias("before")
    )
    created = priced.select(
        "deal_id", pl.lit("amount_cents").alias("field"), pl.lit(None, pl.String).alias("old_value"),
        pl.col("before").cast(pl.String).alias("new_value"), pl.col("created").alias("changed_at"),
    )  # fmt: skip
    changed = priced.filter(pl.col("f") != 1.0).select(
        "deal_id", pl.lit("amount_cents").alias("field"), pl.col("before").cast(pl.String).alias("old_value"),
        pl.col("amount").cast(pl.String).alias("new_value"), (pl.col("created") + (pl.col("life") * 0.4 * DAY).cast(pl.Int64)).alias("changed_at"),
    )  # fmt: skip
    frame = pl.concat([first, pushes, created, changed]).filter(pl.col("changed_at") < end)
    return frame.sort("deal_id", "changed_at", "field", "new_value").with_columns(
        timestamp("changed_at")
    )


def _tasks(rng: np.random.Generator, base: pl.DataFrame, end: int) -> pl.DataFrame:
    """Outbound calls every ten days or so, inbound replies the more the keener the buyer is."""
    days = base["life"].to_numpy()
    inbound = rng.poisson(days / 12 * np.exp(0.8 * base["interest"].to_numpy()))
    outbound = rng.poisson(days / 10) + 1
    parts = []
    for direction, counts in (("inbound", inbound), ("outbound", outbound)):
        index = np.repeat(np.arange(base.height), counts)
        created = base["created"].to_numpy()[index] + (
            rng.random(len(index)) * days[index] * DAY
        ).astype(np.int64)
        done = (direction == "inbound") | (rng.random(len(index)) < 0.8)
        due = created + 2 * DAY
        completed = np.where(
            done,
            np.minimum(
                created + rng.integers(HOUR, 3 * DAY, len(index)) * (direction == "outbound"),
                end - 1,
            ),
            -1,
        )
        kind = np.array(["call", "email", "meeting", "follow_up"])[rng.integers(0, 4, len(index))]
        parts.append(
            base[index].select("deal_id", "contact_id", text("W§", "owner").alias("owner_id")).with_columns(
                pl.Series("type", kind), pl.lit(direction).alias("direction"), pl.Series("created_at", created),
                pl.Series("due_at", due), pl.Series("completed_at", completed),
            )
        )  # fmt: skip
    frame = (
        pl.concat(parts)
        .filter(pl.col("created_at") < end)
        .sort("created_at", "deal_id", "direction", "type")
    )
    return frame.with_row_index("i").with_columns(
        text("T-§-§", pl.col("deal_id").str.split("-").list.first(), "i").alias("task_id"),
        pl.when(pl.col("completed_at") < 0)
        .then(None)
        .otherwise(pl.col("completed_at"))
        .alias("completed_at"),
    )


def _date(seconds: pl.Expr) -> pl.Expr:
    return pl.from_epoch(seconds, time_unit="s").dt.strftime("%Y-%m-%d")
