"""Small tables with planted truths: plain rows, deals as weekly snapshots, and contacts' hours."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl

AS_OF = datetime(2026, 6, 30, tzinfo=UTC)
END = datetime(2026, 6, 30)
CONSTANT = ("industry", "job_title", "country", "acquisition_source", "email_consent")
DAY = timedelta(days=1)


def rows(count: int = 1500, signal: float = 1.0, seed: int = 1) -> pl.DataFrame:
    """One row per entity over a year; `x` and category `c` move the label by `signal`, `noise` never does."""
    rng = np.random.default_rng(seed)
    x, kind = rng.normal(size=count), rng.choice(list("abc"), count)
    logit = -0.3 + signal * (1.2 * x + (kind == "a"))
    return pl.DataFrame(
        {
            "id": [f"e{i}" for i in range(count)],
            "at": [END - DAY * float(d) for d in rng.uniform(0.1, 365, count)],
            "x": x,
            "noise": rng.normal(size=count),
            "c": kind,
            "y": rng.random(count) < 1 / (1 + np.exp(-logit)),
        }
    )


def deals(count: int = 500, signal: float = 1.0, seed: int = 3) -> pl.DataFrame:
    """`int_deals__snapshots`: weekly landmarks of deals over a year, and one current row per open deal."""
    rng = np.random.default_rng(seed)
    created = rng.uniform(0, 360, count)
    life = rng.gamma(2.0, 25.0, count) + 5
    skill, keen = rng.normal(size=count), rng.normal(size=count)
    won = rng.random(count) < 1 / (1 + np.exp(0.3 - signal * (skill + 1.3 * keen)))
    found = []
    for i in range(count):
        closed = created[i] + life[i]
        ages = list(np.arange(0, min(life[i], 365 - created[i]), 7.0))
        if closed > 365:
            ages.append(365 - created[i])
        for age in ages:
            at = created[i] + age
            current = closed > 365 and age == ages[-1]
            found.append(
                _snapshot(i, created[i], closed, age, at, current, won[i], skill[i], keen[i])
            )
    frame = pl.DataFrame(found, infer_schema_length=None)
    draw = np.random.default_rng(seed + 1)
    visits = draw.poisson(np.exp(0.4 * frame["keen"].to_numpy()))
    return frame.drop("keen").with_columns(pl.Series("contact_visits_30d", visits))


def _snapshot(
    number: int,
    created: float,
    closed: float,
    age: float,
    at: float,
    current: bool,
    won: bool,
    skill: float,
    keen: float,
) -> dict[str, object]:
    start = END - 365 * DAY
    is_open = closed > 365
    return {
        "deal_id": f"D{number}",
        "snapshot_at": END if current else start + DAY * at,
        "is_current": bool(current),
        "created_at": start + DAY * created,
        "closed_at": None if is_open else start + DAY * closed,
        "is_won": None if is_open else bool(won),
        "pipeline": "new_business" if number % 3 else "expansion",
        "source": ["ads", "search"][number % 2],
        "stage": ["qualified", "proposal", "negotiation"][min(2, int(age // 20))],
        "age_days": float(age),
        "stage_age_days": age % 20,
        "stage_age_ratio": age % 20 / 12,
        "stage_regressions": 0,
        "close_date_pushes": number % 2,
        "days_to_expected_close": 60 - age,
        "amount_cents": 100_000 + number,
        "amount_log": float(np.log(100_000 + number)),
        "amount_change_ratio": 1.0,
        "owner_id": "W1",
        "owner_win_rate": 0.4 + 0.1 * skill,
        "creator_win_rate": None,
        "owner_closed_count": number,
        "industry": None,
        "employees": 50,
        "tasks_done_count": int(age // 10),
        "tasks_overdue_count": 0,
        "inbound_count": 0 if keen < -1 else max(0, round(2 + keen)),
        "days_since_two_way_contact": None if keen < -1 else 5.0 - 2 * keen,
        "contact_clicks_30d": 0,
        "contact_lead_source": "search",
        "keen": keen,
    }


def hours(
    count: int = 1500, own: float = 1.0, seed: int = 5, explore: float = 0.33, weekend: float = 1.0
) -> tuple[pl.DataFrame, pl.DataFrame, np.ndarray]:
    """dim_contacts, int_contacts__hours and the planted chance of an answer (contacts × 24).

    Most messages go out at nine, the share `explore` at random hours. With `own` = 0 all contacts share one
    curve; with 1 each has a peak of their own, which also shows in their organic activity. Answers at nine are
    `weekend` times as many on Saturdays and Sundays as on other days.
    """
    rng = np.random.default_rng(seed)
    clock = np.arange(24)
    shared = 1 + 0.5 * np.cos((clock - 18) / 24 * 2 * np.pi)
    peak = rng.choice([7, 12, 18, 21], count, p=[0.25, 0.25, 0.3, 0.2])
    distance = np.abs(clock - peak[:, None])
    bump = np.exp(-0.5 * (np.minimum(distance, 24 - distance) / 2.0) ** 2)
    shape = shared * (1 - own) + own * (0.25 + 2.5 * bump)
    level = rng.uniform(0.05, 0.3, count)
    chance = np.clip(level[:, None] * shape, 0, 0.95)
    sent = rng.multinomial(30, np.full(24, explore / 24) + (1 - explore) * (clock == 9), size=count)
    answered = rng.binomial(sent, chance)
    profile = shape / shape.sum(axis=1, keepdims=True)
    organic = rng.multinomial(15, profile) * (rng.random(count) < 0.7)[:, None]
    names = np.array([f"C{i:05}" for i in range(count)])
    parts = []
    days = np.random.default_rng(seed + 100)
    likes = np.ones((24, 7))
    likes[9, 5:] = weekend
    likes /= likes.sum(axis=1, keepdims=True)
    answered_on = days.multinomial(answered, likes)
    sent_on = answered_on + days.multinomial(sent - answered, np.full(7, 1 / 7))
    parts.append(_counted(names, "organic", organic[:, :, None], pl.lit(None, pl.Int64)))
    for kind, matrix in (("sent", sent_on), ("responded", answered_on)):
        parts.append(_counted(names, kind, matrix, pl.col("local_weekday")))
    country = ["PT", "DE", None]
    contacts = pl.DataFrame(
        {
            "contact_id": names,
            "country": [country[i % 3] for i in range(count)],
            "timezone": ["Europe/Lisbon"] * count,
        }
    )
    return contacts, pl.concat(parts), chance


def _counted(names: np.ndarray, kind: str, matrix: np.ndarray, weekday: pl.Expr) -> pl.DataFrame:
    """Rows of int_contacts__hours from counts by contact, hour and weekday."""
    who, hour, day = np.nonzero(matrix)
    return pl.DataFrame(
        {
            "contact_id": names[who],
            "kind": [kind] * len(who),
            "local_weekday": day + 1,
            "local_hour": hour,
            "event_count": matrix[who, hour, day],
        }
    ).with_columns(weekday.alias("local_weekday"))


def leads(count: int = 1600, rate: float = 0.5, seed: int = 11) -> pl.DataFrame:
    """`int_leads__snapshots`: each lead every 28 days until they convert; keenness shows as activity."""
    rng = np.random.default_rng(seed)
    known, keen = rng.uniform(0, 330, count), rng.normal(size=count)
    daily = rate * np.exp(1.1 * keen) / 200
    gone = known + rng.exponential(1 / daily)
    found = []
    for i in range(count):
        ends = min(gone[i], 365.0)
        moments = [float(day) for day in np.arange(np.ceil(known[i]) + i % 28, ends, 28)]
        for at in [*moments, *([365.0] if gone[i] > 365 else [])]:
            until = at + 30
            converted = gone[i] <= until
            found.append(
                {
                    "contact_id": f"L{i}",
                    "snapshot_at": END - DAY * (365 - at),
                    "is_current": at == 365.0,
                    "age_days": at - known[i],
                    "keen": keen[i],
                    "known_at": END - DAY * (365 - min(gone[i], until)),
                    "has_converted": bool(converted) if min(gone[i], until) <= 365 else None,
                }
            )
    frame = pl.DataFrame(found, infer_schema_length=None)
    level = np.exp(0.9 * frame["keen"].to_numpy())
    draw = np.random.default_rng(seed + 1)
    counts = {
        name: draw.poisson(mean * level)
        for name, mean in {
            "visits_7d": 0.8, "visits_30d": 3.0, "visits_90d": 8.0, "product_views_30d": 2.0, "carts_30d": 0.2,
            "checkouts_90d": 0.2, "forms_90d": 0.2, "active_days_30d": 1.5, "active_days_90d": 4.0, "messages_90d": 3.0,
            "opened_90d": 1.0, "clicked_90d": 0.4, "open_deals": 0.1,
        }.items()
    }  # fmt: skip
    noise = draw.exponential(20, frame.height) / level
    return frame.drop("keen").with_columns(
        *(pl.Series(name, values) for name, values in counts.items()),
        pl.Series("rule_score", np.minimum(60.0, 5.0 * counts["clicked_90d"] + 15 * counts["forms_90d"])),
        pl.Series("days_since_seen", noise),
        pl.lit(None, pl.Float64).alias("days_since_cart"),
        pl.lit(None, pl.Float64).alias("days_since_form"),
        pl.lit(None, pl.Float64).alias("days_since_click"),
        pl.lit(50).alias("company_size"),
        pl.lit(30).alias("lead_days"),
        pl.lit(False).alias("has_own_domain"),
        *(pl.lit("a").alias(name) for name in CONSTANT),
    )  # fmt: skip


def customers(count: int = 900, seed: int = 13) -> pl.DataFrame:
    """`int_customers__snapshots`: each customer every 28 days; how often they order shows, and some leave for good."""
    rng = np.random.default_rng(seed)
    rate, left = rng.gamma(0.8, 0.03, count), rng.uniform(0, 700, count)
    found = []
    for i in range(count):
        orders = np.sort(rng.uniform(0, 365, 1 + rng.poisson(365 * rate[i])))
        orders = orders[orders <= max(left[i], orders[0])]
        for at in [*np.arange(i % 28, 365, 28.0), 365.0]:
            before, after = orders[orders < at], orders[(orders >= at) & (orders < at + 40)]
            if len(before):
                known = at + 40 if not len(after) else float(after[0])
                found.append(
                    {
                        "contact_id": f"C{i}",
                        "snapshot_at": END - DAY * (365 - float(at)),
                        "is_current": at == 365.0,
                        "comeback_days": 40,
                        "days_since_order": float(at - before[-1]),
                        "days_since_first_order": float(at - before[0]),
                        "order_count": len(before),
                        "orders_90d": int((before > at - 90).sum()),
                        "orders_365d": len(before),
                        "mean_gap_days": float(np.diff(before).mean()) if len(before) > 1 else None,
                        "known_at": END - DAY * (365 - known),
                        "has_come_back": bool(len(after)) if known <= 365 else None,
                        "visits_90d": int(rng.poisson(8 * rate[i] / 0.024) * (at <= left[i])),
                    }
                )
    frame = pl.DataFrame(found, infer_schema_length=None)
    zero = ("visits_30d", "product_views_30d", "carts_30d", "active_days_30d", "active_days_90d", "messages_90d",
            "opened_90d", "clicked_90d")  # fmt: skip
    return frame.with_columns(
        *(pl.lit(0).alias(name) for name in zero),
        *(pl.lit(None, pl.Float64).alias(name) for name in ("days_since_seen", "days_since_click")),
        *(pl.lit("a").alias(name) for name in ("country", "acquisition_source", "email_consent")),
        (pl.col("days_since_order") / (pl.col("mean_gap_days") + 1)).alias("gap_ratio"),
        pl.lit(5000.0).alias("mean_order_cents"),
    )


def order_days(
    count: int = 2500, seed: int = 17, ahead: int = 91
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """`int_customers__order_days` drawn from BG/NBD and Gamma-Gamma over a year, and true orders after it."""
    rng = np.random.default_rng(seed)
    weeks, end = rng.gamma(0.7, 1 / 8.0, count), 365
    leaves, worth = rng.beta(0.8, 3.0, count), rng.gamma(4.0, 1 / 3.0, count)
    rows, later = [], []
    for i in range(count):
        moments = [float(rng.uniform(0, 300))]
        while (moment := moments[-1] + float(rng.exponential(7 / weeks[i]))) < end + ahead:
            moments.append(moment)
            if rng.random() < leaves[i]:
                break
        for moment in moments:
            if moment < end:
                cents = int(5000 * rng.gamma(6.0) / 6 * 3 / worth[i])
                rows.append((f"C{i}", "EUR", (END - DAY * (end - moment)).date(), 1, cents))
        later.append((f"C{i}", sum(moment >= end for moment in moments)))
    names = ["contact_id", "currency", "ordered_on", "order_count", "net_cents"]
    days = pl.DataFrame(rows, schema=names, orient="row").unique(
        ["contact_id", "ordered_on"], maintain_order=True
    )
    return days, pl.DataFrame(later, schema=["contact_id", "orders"], orient="row")


def choices(
    count: int = 3000, signal: float = 1.0, weeks: int = 6, seed: int = 9
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """dim_contacts and the mature rows of fct_message_choices for one weekly message with variants a, b and c.

    All shares are equal. With `signal` 1 Germans click a, the British b and all others c twice as often as anything
    else; with 0 everybody clicks c a little more often.
    """
    rng = np.random.default_rng(seed)
    country = rng.choice(["DE", "GB", "US"], count)
    people = pl.DataFrame(
        {
            "contact_id": [f"P{number:05}" for number in range(count)],
            "country": country,
            "industry": [None if number % 4 else "retail" for number in range(count)],
            "acquisition_source": rng.choice(["search", "ads"], count),
            "created_at": [END - 400 * DAY] * count,
        },
        schema_overrides={"industry": pl.String},
    )
    liked = np.select([country == "DE", country == "GB"], [0, 1], 2)
    parts = []
    for week in range(weeks):
        chosen = rng.integers(0, 3, count)
        rate = 0.15 * (1 + signal * (chosen == liked)) + 0.03 * (chosen == 2) * (1 - signal)
        parts.append(
            pl.DataFrame(
                {
                    "message": ["letter"] * count,
                    "contact_id": people["contact_id"],
                    "options": ['["a", "b", "c"]'] * count,
                    "chosen": np.array(["a", "b", "c"])[chosen],
                    "propensity": [1 / 3] * count,
                    "is_explore": [True] * count,
                    "is_opened": [False] * count,
                    "is_clicked": rng.random(count) < rate,
                    "is_mature": [True] * count,
                    "decided_at": [END - (weeks - week) * 7 * DAY] * count,
                }
            )
        )
    return people, pl.concat(parts)
