{# The rows of a staging model of message events for a `from`, for vendors that send no time. An event without one takes that of
   its first receipt, `first_received_at`: a repeat that arrives on another day is still the same event on the same day.
   `every`: the vendor's times are those of its tries, so the first counts of those as well. #}
{% macro first_receipt(model, every=false) -%}
    (
        select delivered.*, firsts.first_received_at
        from {{ ref(model) }} as delivered
        left join (
            select message_event_id, min(occurred_at) as first_received_at
            from {{ ref(model) }}
            where occurred_at_source = 'received'{{ ' or true' if every }}
            group by message_event_id
        ) as firsts on delivered.message_event_id = firsts.message_event_id
    ) as events
{%- endmacro %}
