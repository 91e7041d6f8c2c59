-- One row per lead and landmark: what was known of them then, their rule score then, and whether they converted in time.
{%- set signals = ['has_fit_industry', 'has_fit_size', 'has_deciding_title', 'visits_30d', 'product_views_30d', 'carts_30d',
    'forms_90d', 'opened_90d', 'clicked_90d', 'has_left'] %}
with

-- Whoever had become a customer by then is no lead any more.
landmarks as (

    select
        landmarks.*,
        {{ dbt.dateadd('day', 'horizons.lead_days', 'landmarks.snapshot_at') }} as horizon_at,
        horizons.lead_days
    from {{ ref('int_contacts__landmarks') }} as landmarks
    cross join {{ ref('int_contacts__horizons') }} as horizons
    where landmarks.converted_at is null or landmarks.converted_at > landmarks.snapshot_at

),

features as (

    select
        landmarks.*,
        ({{ epoch_seconds('landmarks.snapshot_at') }} - {{ epoch_seconds('landmarks.known_from') }}) / cast(86400 as double) as age_days,
        {{ lead_fit('attributes') }}
        attributes.industry, attributes.job_title, attributes.company_size, attributes.country, attributes.acquisition_source,
        attributes.has_own_domain, attributes.email_consent, attributes.open_deals,
        case when attributes.email_consent in ('opt_out', 'complaint', 'hard_bounce') then 1 else 0 end as has_left,
        {% for name in ['visits_7d', 'visits_30d', 'visits_90d', 'product_views_30d', 'carts_30d', 'checkouts_90d', 'forms_90d',
            'active_days_30d', 'active_days_90d'] %}
        coalesce(events.{{ name }}, 0) as {{ name }},
        {% endfor %}
        events.days_since_seen, events.days_since_cart, events.days_since_form,
        {% for name in ['messages_30d', 'messages_90d', 'opened_90d', 'clicked_90d'] %}
        coalesce(messages.{{ name }}, 0) as {{ name }},
        {% endfor %}
        messages.days_since_click
    from landmarks
    left join {{ ref('int_contacts__snapshot_attributes') }} as attributes
        on landmarks.contact_id = attributes.contact_id and landmarks.snapshot_at = attributes.snapshot_at
    left join {{ ref('int_contacts__snapshot_events') }} as events
        on landmarks.contact_id = events.contact_id and landmarks.snapshot_at = events.snapshot_at
    left join {{ ref('int_contacts__snapshot_messages') }} as messages
        on landmarks.contact_id = messages.contact_id and landmarks.snapshot_at = messages.snapshot_at

)

select
    features.*,
    cast({{ lead_points(signals) }} as double) as rule_score,
    -- Known when they converted, or when their time was over.
    case
        when converted_at <= horizon_at then converted_at
        when horizon_at <= {{ as_of() }} then horizon_at
    end as known_at,
    case
        when converted_at <= horizon_at then true
        when horizon_at <= {{ as_of() }} then false
    end as has_converted
from features
