-- One row per channel with how many sales would be lost without it (removal effect of a first-order Markov chain).
{% set rounds = 60 %}

-- Source: Anderl, Becker, von Wangenheim, Schumann, Mapping the customer journey, 2016. The chance of a sale from each
-- channel is found by walking the chain backwards from the sale, a step a round; what a removed channel would have
-- passed on ends in nothing. Paths are short: after sixty steps less than a billionth is still under way.
with

steps as (

    select from_channel, to_channel, share from {{ ref('int_attribution__steps') }}

),

channels as (

    select distinct from_channel as channel from steps

),

scenarios as (

    select channel as removed from channels
    where channel <> 'start'
    union all
    select 'none'

),

chance_0 as (

    select scenarios.removed, channels.channel, cast(0 as double) as chance
    from scenarios
    cross join channels

),

{% for round in range(1, rounds + 1) %}
chance_{{ round }} as (

    select
        before.removed,
        steps.from_channel as channel,
        sum(case
            when steps.from_channel = before.removed then cast(0 as double)
            when steps.to_channel = 'sale' and before.channel = steps.from_channel then steps.share
            when steps.to_channel = before.channel then steps.share * before.chance
            else cast(0 as double)
        end) as chance
    from chance_{{ round - 1 }} as before
    inner join steps
        on steps.to_channel = before.channel
        or (steps.to_channel = 'sale' and steps.from_channel = before.channel)
    group by before.removed, steps.from_channel

),
{% endfor %}

sales as (

    select removed, chance from chance_{{ rounds }}
    where channel = 'start'

)

select
    scenarios.removed as channel,
    -- Rounded: in which order an engine adds must not show.
    {{ rounded('1 - coalesce(without.chance, 0) / whole.chance', 9) }} as removal_effect
from scenarios
cross join (select chance from sales where removed = 'none') as whole
left join sales as without on scenarios.removed = without.removed
where scenarios.removed <> 'none' and whole.chance > 0
