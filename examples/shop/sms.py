"""Text messages as Twilio's status callbacks report them: a shipping notice per order, delivered or not."""

from __future__ import annotations

import numpy as np
import polars as pl

from examples.shop.people import People
from examples.shop.web import Sessions
from examples.shop.world import HOUR
from examples.shop.write import iso, text

SENDER = "+15005550006"


def events(rng: np.random.Generator, people: People, sessions: Sessions, block: int) -> pl.Series:
    """One JSON object per status callback, by time: queued, sent, delivered or undelivered."""
    bought = sessions.number[(sessions.depth >= 4) & people.sms_opt_in[sessions.person]]
    person = sessions.person[bought]
    at = sessions.start[bought] + 20 * HOUR
    failed = rng.random(len(bought)) < 0.03
    base = pl.DataFrame(
        {
            "n": np.arange(len(bought)),
            "to": people.phone[person],
            "contact_id": people.contact_id[person],
            "at": at,
            "failed": failed,
        }
    )
    last = pl.when("failed").then(pl.lit("undelivered")).otherwise(pl.lit("delivered"))
    parts = [
        base.with_columns(pl.lit("queued").alias("status")),
        base.with_columns(pl.lit("sent").alias("status"), pl.col("at") + 2),
        base.with_columns(last.alias("status"), pl.col("at") + 9),
    ]
    frame = pl.concat(parts).filter(pl.col("at") < people.end).sort("at", "n", "status")
    error = (
        pl.when(pl.col("status") == "undelivered")
        .then(pl.lit(',"ErrorCode":"30003"'))
        .otherwise(pl.lit(""))
    )
    return frame.with_columns(iso("at")).select(
        text(
            '{"MessageSid":"SM§§","MessageStatus":"§","To":"§","From":"§","AccountSid":"AC00000000000000000000000000000000",'
            '"ApiVersion":"2010-04-01","message_key":"shipping_notice_§:§","received_at":"§"§}',
            pl.lit(f"{block:04}"), pl.col("n").cast(pl.String).str.zfill(28), "status", "to", pl.lit(SENDER), "n", "contact_id", "at", error,
        )
    ).to_series()  # fmt: skip
