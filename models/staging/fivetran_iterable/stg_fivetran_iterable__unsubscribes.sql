-- One row per user, channel or message type that they left, and time of it; before and after August 2023.
{{ config(materialized='ephemeral') }}

with

left_by as (

    {% for kind, version in [('channel', ''), ('channel', '_history'), ('message_type', ''), ('message_type', '_history')] -%}
    select
        coalesce(_fivetran_id, lower(trim(email))) as person_key,
        {{ normalize_email('email') }} as email,
        {{ 'channel_id' if kind == 'channel' else 'cast(null as ' ~ dbt.type_string() ~ ')' }} as channel_id,
        {{ 'message_type_id' if kind == 'message_type' else 'cast(null as ' ~ dbt.type_string() ~ ')' }} as message_type_id,
        updated_at,
        _fivetran_synced as synced_at,
        _batch as batch
    from {{ source('fivetran_iterable', 'user_unsubscribed_' ~ kind ~ version) }}
    {{ 'union all' if not loop.last }}
    {% endfor %}
)

-- Who came back is not among the rows any more, or marked as deleted; the refusal was said all the same. The newer tables say
-- no time: then it is when Fivetran first wrote the row, for later writings say nothing new.
select
    person_key,
    email,
    channel_id,
    message_type_id,
    coalesce(updated_at, min(synced_at)) as left_at,
    min(batch) as batch
from left_by
where person_key is not null
group by person_key, email, channel_id, message_type_id, updated_at
