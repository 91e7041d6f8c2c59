select
    campaign,
    channel,
    sum(delivered_count) as delivered,
    sum(opened_count) / nullif(sum(delivered_count), 0) as open_pct,
    sum(clicked_count) / nullif(sum(delivered_count), 0) as click_pct,
    sum(order_count) as orders,
    sum(revenue_cents) / 100 as revenue
from reports.rpt_campaigns
group by campaign, channel
order by revenue desc
