"""Will this lead become a customer soon? One probability per lead, for whoever decides whom to call or nurture.

Label: a first order or a first won deal within the days that nine of ten conversions took (at most 90). Each row is a
lead as it was known on one day. The rule score is there from the first day on: until enough was seen, the rate of the
rule's band is what is served.
"""

from __future__ import annotations

import polars as pl

from ml.blended import BlendedModel
from ml.spec import Ladder, Minimum, Spec

# The rule score's bands: up to and including.
BANDS = {0.0: "0", 9.0: "1 to 9", 19.0: "10 to 19", 29.0: "20 to 29", 44.0: "30 to 44"}
HIGHEST = "45 and more"

SPEC = Spec(
    name="lead_conversion",
    question="Will this lead become a customer soon?",
    decision="Which leads to call, and which to nurture",
    relations=("intermediate.int_leads__snapshots",),
    entity="contact_id",
    time="snapshot_at",
    label="has_converted",
    known="known_at",
    numeric=(
        "rule_score",
        "age_days",
        "visits_7d",
        "visits_30d",
        "visits_90d",
        "product_views_30d",
        "carts_30d",
        "checkouts_90d",
        "forms_90d",
        "active_days_30d",
        "active_days_90d",
        "days_since_seen",
        "days_since_cart",
        "days_since_form",
        "messages_90d",
        "opened_90d",
        "clicked_90d",
        "days_since_click",
        "company_size",
        "open_deals",
        "has_own_domain",
    ),
    categorical=("industry", "job_title", "country", "acquisition_source", "email_consent"),
    minimum=Minimum(120, 120, "conversions", "leads that did not convert"),
    fallback=Ladder(levels=(("rule_band",),), per_row=True),
    slices=("rule_band",),
    bounds=(0.001, 0.999),
    words={
        "rule_score": "rule score {value:.0f}",
        "age_days": "known for {value:.0f} days",
        "visits_7d": "pages in 7 days: {value:.0f}",
        "visits_30d": "pages in 30 days: {value:.0f}",
        "visits_90d": "pages in 90 days: {value:.0f}",
        "product_views_30d": "products looked at in 30 days: {value:.0f}",
        "carts_30d": "put into the cart in 30 days: {value:.0f}",
        "checkouts_90d": "checkouts begun in 90 days: {value:.0f}",
        "forms_90d": "forms sent in 90 days: {value:.0f}",
        "active_days_30d": "active on {value:.0f} of 30 days",
        "active_days_90d": "active on {value:.0f} of 90 days",
        "days_since_seen": "days since last seen: {value:.0f}",
        "days_since_cart": "days since the last cart: {value:.0f}",
        "days_since_form": "days since the last form: {value:.0f}",
        "messages_90d": "messages in 90 days: {value:.0f}",
        "opened_90d": "messages opened in 90 days: {value:.0f}",
        "clicked_90d": "messages clicked in 90 days: {value:.0f}",
        "days_since_click": "days since the last click: {value:.0f}",
        "company_size": "company of {value:,.0f}",
        "open_deals": "open deals: {value:.0f}",
        "has_own_domain": "address at a company's domain: {value:.0f}",
        "industry": "industry {value}",
        "job_title": "title {value}",
        "country": "country {value}",
        "acquisition_source": "came through {value}",
        "email_consent": "consent to e-mail: {value}",
    },
)
LEAN = (
    "rule_score",
    "age_days",
    "visits_30d",
    "active_days_90d",
    "days_since_seen",
    "checkouts_90d",
    "clicked_90d",
    "open_deals",
)


def derive(frame: pl.DataFrame) -> pl.DataFrame:
    """Adds the rule score's band."""
    score = pl.col("rule_score").cast(pl.Float64)
    bands = (pl.when(score <= most).then(pl.lit(name)) for most, name in BANDS.items())
    return frame.with_columns(
        pl.coalesce(*bands, pl.when(score.is_not_null()).then(pl.lit(HIGHEST))).alias("rule_band")
    )


MODEL = BlendedModel(
    SPEC,
    current="is_current",
    derive=derive,
    grouped=False,
    horizon="lead_days",
    lean=LEAN,
    lean_minimum=Minimum(30, 100, "conversions", "leads that did not convert"),
)
