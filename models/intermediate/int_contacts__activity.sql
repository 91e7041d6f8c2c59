-- One row per contact with any event: counts and last times by kind, as of now.
{{ incremental_by_contact() }}

with

nodes as (

    select node, contact_id from {{ ref('int_identity__nodes') }}
    {% if extends_itself() %}
    where contact_id in (
        {{ touched_contacts() }}
        union
        -- Time passes: what comes into view or leaves a window changes the counts.
        select nodes.contact_id
        from {{ ref('int_identity__nodes') }} as nodes
        inner join {{ ref('int_events__daily') }} as daily on nodes.node = daily.node
        where {{ comes_into_view('daily.event_date', 'date') }} or {{ leaves_window('daily.event_date', [7, 30, 90]) }}
    )
    {% endif %}

),

daily as (

    select
        nodes.contact_id,
        daily.kind,
        daily.event_count,
        daily.first_at,
        daily.last_at,
        daily.event_date,
        {{ dbt.datediff('daily.event_date', as_of(), 'day') }} as days_ago
    from {{ ref('int_events__daily') }} as daily
    inner join nodes on daily.node = nodes.node
    where daily.event_date <= cast({{ as_of() }} as date)

)

select
    contact_id,
    min(first_at) as first_seen_at,
    max(last_at) as last_seen_at,
    cast(sum(case when kind = 'visit' then event_count else 0 end) as bigint) as visit_count,
    cast(sum(case when kind = 'visit' and days_ago <= 7 then event_count else 0 end) as bigint) as visits_7d,
    cast(sum(case when kind = 'visit' and days_ago <= 30 then event_count else 0 end) as bigint) as visits_30d,
    cast(sum(case when kind = 'product_view' and days_ago <= 30 then event_count else 0 end) as bigint) as product_views_30d,
    cast(sum(case when kind = 'cart' and days_ago <= 30 then event_count else 0 end) as bigint) as carts_30d,
    cast(sum(case when kind = 'form' and days_ago <= 90 then event_count else 0 end) as bigint) as forms_90d,
    max(case when kind = 'form' then last_at end) as last_form_at,
    max(case when kind = 'cart' then last_at end) as last_cart_at,
    max(case when kind = 'visit' then last_at end) as last_visit_at,
    max(case when kind = 'product_view' then last_at end) as last_product_view_at,
    {{ as_of() }} as computed_at,
    {{ newest_news() }} as batch
from daily
group by contact_id
