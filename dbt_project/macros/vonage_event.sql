{# What a status of Vonage is in the canonical vocabulary. Columns `status`, `error_code`, `is_inbound` and `word` (upper case). #}
{% macro vonage_event() -%}
    case
        when is_inbound then {{ inbound_event('word') }}
        when error_code = '9' then 'rejected'
        when {{ vonage_is_gone() }} then 'bounced'
        when status = 'delivered' then 'delivered'
        when status = 'accepted' then 'sent'
        when status = 'buffered' then 'deferred'
        when status = 'rejected' then 'rejected'
        when status in ('expired', 'failed', 'deleted') then 'failed'
        else 'unknown'
    end
{%- endmacro %}

{# Whether a receipt says of the number that it should be written to no more: no longer active, barred for good.
   Source: Vonage's page on delivery error codes, read 2026-11. #}
{% macro vonage_is_gone() -%}
    (not is_inbound and coalesce(status, '') <> 'delivered' and coalesce(error_code, '') in ('3', '4'))
{%- endmacro %}
