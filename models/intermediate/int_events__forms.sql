-- One row per submission of a form, in the canonical columns of an event; what looks like a machine's says why.
{{ config(materialized='ephemeral') }}

select
    'form:' || submission_id as event_id,
    'forms' as source,
    'track' as event_type,
    'Form Submitted' as event_name,
    -- Whoever is suspected ties no device to anybody.
    case when not is_suspected then coalesce('email:' || email, 'phone:' || phone) end as user_node,
    case when anonymous_id is not null then 'anon:' || anonymous_id end as anonymous_node,
    cast(null as {{ dbt.type_string() }}) as previous_node,
    cast(null as {{ dbt.type_string() }}) as email,
    page_url,
    cast(null as {{ dbt.type_string() }}) as order_id,
    cast(null as {{ dbt.type_string() }}) as cart_id,
    cast(null as {{ dbt.type_string() }}) as product_id,
    cast(null as {{ dbt.type_string() }}) as category,
    cast(null as bigint) as value_cents,
    '{"form":"' || form || '"}' as properties,
    user_agent,
    -- A shop's own program may post for its visitors, so the name of a program is no evidence here.
    case when is_suspected then 'form ' || suspicion end as machine_evidence,
    submitted_at as occurred_at,
    batch,
    cast(submitted_at as date) as event_date
from {{ ref('stg_forms__submissions') }}
