select week_on, channel, reason, sum(reachable_change) as change
from reports.rpt_contact_growth
where change <> 'new'
group by week_on, channel, reason
order by week_on
