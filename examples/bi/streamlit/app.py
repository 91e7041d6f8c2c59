"""A page over the published copy: campaigns, funnel, pipeline, forecast and growth. `MILLRACE_SERVING` names the folder."""

import os
from pathlib import Path

import duckdb
import pandas as pd
import streamlit as st

COPY = Path(os.environ.get("MILLRACE_SERVING", "data/shop/serving")) / "millrace.duckdb"
CAMPAIGNS = """
    select campaign, channel, sum(delivered_count) as delivered,
        round(100 * sum(opened_count) / nullif(sum(delivered_count), 0), 1) as opened_percent,
        sum(order_count) as orders, sum(revenue_cents) / 100 as revenue
    from reports.rpt_campaigns group by campaign, channel order by revenue desc
"""
FUNNEL = """
    select week_on, sum(visit_count) as visits, sum(product_view_count) as product_views, sum(cart_count) as carts,
        sum(checkout_count) as checkouts, sum(order_count) as orders
    from reports.rpt_funnel group by week_on order by week_on
"""
PIPELINE = """
    select week_on, stage, sum(deal_count) as deals
    from reports.rpt_pipeline_weekly group by week_on, stage order by week_on
"""
FORECAST = """
    select strftime(month_on, '%Y-%m') as month, sum(stage_weighted_cents) / 100 as by_stage,
        sum(probability_weighted_cents) / 100 as by_win_probability
    from reports.rpt_forecast where timing = 'expected' group by month order by month
"""
GROWTH = """
    select week_on, reason, sum(reachable_change) as addresses
    from reports.rpt_contact_growth where change <> 'new' group by week_on, reason order by week_on
"""


def rows(query: str) -> pd.DataFrame:
    """The rows of a query; opened anew each time, so that the newest publication is seen and no run ever waits."""
    with duckdb.connect(str(COPY), read_only=True) as con:
        return con.execute(query).df()


st.set_page_config(page_title="Millrace", layout="wide")
st.title("Millrace")
left, right = st.columns(2)
left.subheader("What campaigns brought")
left.dataframe(rows(CAMPAIGNS), hide_index=True)
right.subheader("From visit to order")
right.line_chart(rows(FUNNEL), x="week_on")
left, middle, right = st.columns(3)
left.subheader("The pipeline as it was")
left.area_chart(rows(PIPELINE), x="week_on", y="deals", color="stage", stack=True)
middle.subheader("Forecast by month")
middle.bar_chart(rows(FORECAST), x="month", stack=False)
right.subheader("Reachable addresses gained and lost")
right.bar_chart(rows(GROWTH), x="week_on", y="addresses", color="reason")
