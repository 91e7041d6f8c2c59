{# What a status of Twilio is in the canonical vocabulary. Of a message to us its word counts: those that end messages hold
   whether or not Twilio handles them. Columns `status`, `is_inbound` and `word` (upper case). #}
{% macro twilio_event() -%}
    case
        when is_inbound then {{ inbound_event('word') }}
        when status in ('accepted', 'scheduled', 'queued') then 'queued'
        when status in ('sending', 'sent') then 'sent'
        when status = 'delivered' then 'delivered'
        when status in ('undelivered', 'failed') then 'failed'
        when status = 'read' then 'read'
        when status = 'canceled' then 'canceled'
        else 'unknown'
    end
{%- endmacro %}

{# What a text message to us is, by its only word (upper case). #}
{% macro inbound_event(word) -%}
    case
        when {{ word }} in ('STOP', 'STOPALL', 'UNSUBSCRIBE', 'CANCEL', 'END', 'QUIT', 'REVOKE', 'OPTOUT') then 'unsubscribed'
        when {{ word }} in ('START', 'UNSTOP') then 'resubscribed'
        else 'inbound'
    end
{%- endmacro %}
