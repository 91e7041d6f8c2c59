-- One row per message with its state and its times, whatever order its events came in and however often; news is merged in.
{{ incremental_by_key('message_id') }}
{%- set delivered, responses = ref('int_messages__delivered'), ref('int_messages__responses') %}
{%- set columns = {
    'message_key': 'max', 'source': 'max', 'channel': 'max', 'recipient_node': 'max', 'campaign': 'max', 'variant': 'max',
    'failure': 'max', 'sent_at': 'min', 'delivered_at': 'min', 'failed_at': 'min', 'unsubscribed_at': 'min',
    'complained_at': 'min', 'state_rank': 'max',
} %}

with

said as (

    select
        message_id,
        message_key,
        source,
        channel,
        recipient_node,
        campaign,
        variant,
        case when event in ('bounced', 'failed', 'rejected') then coalesce(bounce_class, reason, event) end as failure,
        occurred_at as sent_at,
        case when event = 'delivered' then occurred_at end as delivered_at,
        case when event in ('bounced', 'failed', 'rejected') then occurred_at end as failed_at,
        case when event = 'unsubscribed' then occurred_at end as unsubscribed_at,
        case when event = 'complained' then occurred_at end as complained_at,
        -- The highest rank seen, whatever order the events came in.
        {{ message_state_rank('event') }} as state_rank,
        {%- if extends_itself() %}
        false as is_held,
        cast(null as {{ dbt.type_string() }}) as previous_node,
        {%- endif %}
        batch
    from {{ delivered }}
    where event <> 'inbound' and batch > {{ newest_batch() }}

    {% if extends_itself() %}
    union all

    select message_id, {{ columns | join(', ') }}, true, previous_node, batch from {{ this }}
    where {{ only_touched(delivered, 'message_id') }}
    {% endif %}

),

merged as (

    select
        message_id,
        {%- for name, function in columns.items() %}
        {{ function }}({{ name }}) as {{ name }},
        {%- endfor %}
        coalesce(min({{ short_hash('recipient_node') }}) <> max({{ short_hash('recipient_node') }}), false) as has_several_nodes,
        {%- if extends_itself() %}
        case
            when max(case when is_held then recipient_node end) <> max(recipient_node) then max(case when is_held then recipient_node end)
            else max(previous_node)
        end as previous_node,
        -- Neither new nor changed is no news: the same is delivered again and again.
        sum(case when is_held then 1 else 0 end) = 0
        {%- for name, function in columns.items() %}
        or {{ function }}({{ name }}) is distinct from max(case when is_held then {{ name }} end)
        {%- endfor %} as is_news,
        {%- else %}
        cast(null as {{ dbt.type_string() }}) as previous_node,
        {%- endif %}
        max(batch) as batch
    from said
    group by message_id
    -- Not `message_id is not null`: engines ask that of every event before grouping, and make the id twice for it.
    having count(message_id) > 0

)

select message_id, {{ columns | join(', ') }}, has_several_nodes, previous_node, batch
from merged
{%- if extends_itself() %}
where is_news
    or has_several_nodes
    or {{ only_touched(responses, 'message_id') }}
{%- endif %}
