-- Every message sent until now is in one campaign, by day too, and has one outcome: nothing is lost, nothing counts twice.
with

messages as (

    select count(*) as found from {{ ref('int_messages__outcomes') }}

),

told as (

    {% for report in ['rpt_campaigns', 'rpt_campaigns_daily', 'rpt_messages'] -%}
    select '{{ report }}' as what, coalesce(sum(sent_count), 0) as told from {{ ref(report) }}
    {{ 'union all' if not loop.last }}
    {% endfor %}

)

select told.what, messages.found, told.told as expected
from told
cross join messages
where messages.found <> told.told
union all
select campaign, sent_count, delivered_count + hard_bounce_count + soft_bounce_count + block_bounce_count
    + unclassed_bounce_count + failed_count + waiting_count
from {{ ref('rpt_campaigns') }}
where sent_count <> delivered_count + hard_bounce_count + soft_bounce_count + block_bounce_count
    + unclassed_bounce_count + failed_count + waiting_count
    or opened_count > delivered_count
    or clicked_count > delivered_count
