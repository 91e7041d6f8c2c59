-- Every message sent until now is in one campaign, by day too, and has one outcome: nothing is lost, nothing counts twice.
select 'messages' as what, (select count(*) from {{ ref('int_messages__outcomes') }}) as found,
    (select coalesce(sum(sent_count), 0) from {{ ref('rpt_campaigns') }}) as expected
where (select count(*) from {{ ref('int_messages__outcomes') }}) <> (select coalesce(sum(sent_count), 0) from {{ ref('rpt_campaigns') }})
    or (select count(*) from {{ ref('int_messages__outcomes') }}) <> (select coalesce(sum(sent_count), 0) from {{ ref('rpt_campaigns_daily') }})
    or (select count(*) from {{ ref('int_messages__outcomes') }}) <> (select coalesce(sum(sent_count), 0) from {{ ref('rpt_messages') }})
union all
select campaign, sent_count, delivered_count + hard_bounce_count + soft_bounce_count + block_bounce_count
    + unclassed_bounce_count + failed_count + waiting_count
from {{ ref('rpt_campaigns') }}
where sent_count <> delivered_count + hard_bounce_count + soft_bounce_count + block_bounce_count
    + unclassed_bounce_count + failed_count + waiting_count
    or opened_count > delivered_count
    or clicked_count > delivered_count
