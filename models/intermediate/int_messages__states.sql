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
        case event
            when 'queued' then 1
            when 'sent' then 2
            when 'deferred' then 3
            when 'delivered' then 4
            when 'read' then 4
            when 'canceled' then 5
            when 'failed' then 6
            when 'rejected' then 7
            when 'bounced' then 8
            else 0
        end as state_rank,
        {{ short_hash('recipient_node') }} as node_hash,
        batch
    from {{ delivered }}
    where event <> 'inbound' and batch > {{ newest_batch() }}

    {% if extends_itself() %}
    union all

    select message_id, {{ columns | join(', ') }}, {{ short_hash('recipient_node') }}, batch from {{ this }}
    where {{ only_touched(delivered, 'message_id') }}
    {% endif %}

),

merged as (

    select
        message_id,
        {%- for name, function in columns.items() %}
        {{ function }}({{ name }}) as {{ name }},
        {%- endfor %}
        coalesce(min(node_hash) <> max(node_hash), false) as has_several_nodes,
        max(batch) as batch
    from said
    group by message_id
    -- Not `message_id is not null`: engines ask that of every event before grouping, and make the id twice for it.
    having count(message_id) > 0

)

{% if not extends_itself() %}
select merged.*, cast(null as {{ dbt.type_string() }}) as previous_node from merged
{% else %}
-- Neither new nor changed nor answered is no news: the same is delivered again and again.
select
    merged.*,
    case when held.recipient_node <> merged.recipient_node then held.recipient_node else held.previous_node end as previous_node
from merged
left join {{ this }} as held on merged.message_id = held.message_id
where held.message_id is null
    or merged.has_several_nodes
    or {{ only_touched(responses, 'merged.message_id') }}
    {%- for name in columns %}
    or merged.{{ name }} is distinct from held.{{ name }}
    {%- endfor %}
{% endif %}
