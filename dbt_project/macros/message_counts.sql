{# The counts of messages that every report of them shares: outcomes that add up to what was sent, and reactions of people.
   A reaction counts once per message, and only where the message arrived. `alias` is a relation of int_messages__outcomes. #}
{% macro message_counts(alias) -%}
    count(*) as sent_count,
    {% for name, outcomes in message_outcome_counts() -%}
    cast(sum(case when {{ alias }}.outcome in ('{{ outcomes | join("', '") }}') then 1 else 0 end) as bigint) as {{ name }},
    {% endfor -%}
    {% for name, moment in message_reaction_counts() -%}
    cast(sum(case when {{ alias }}.outcome = 'delivered' and {{ alias }}.{{ moment }} is not null then 1 else 0 end) as bigint)
        as {{ name }}{{ ',' if not loop.last }}
    {% endfor %}
{%- endmacro %}

{# The same counts, added up from rows that have them already. #}
{% macro summed_message_counts(alias) -%}
    {% for name in message_count_names() -%}
    cast(sum({{ alias }}.{{ name }}) as bigint) as {{ name }}{{ ',' if not loop.last }}
    {% endfor %}
{%- endmacro %}

{# Their names, in order. #}
{% macro message_count_names() -%}
    {{ return(['sent_count'] + (message_outcome_counts() + message_reaction_counts()) | map('first') | list) }}
{%- endmacro %}

{# Counts of messages and the outcomes that each of them counts. #}
{% macro message_outcome_counts() -%}
    {{ return([
        ('delivered_count', ['delivered']), ('hard_bounce_count', ['hard']), ('soft_bounce_count', ['soft']),
        ('block_bounce_count', ['block']), ('unclassed_bounce_count', ['unclassed']),
        ('failed_count', ['failed', 'rejected']), ('waiting_count', ['waiting', 'canceled'])
    ]) }}
{%- endmacro %}

{# Counts of delivered messages and the moment that each of them asks for. #}
{% macro message_reaction_counts() -%}
    {{ return([
        ('opened_count', 'opened_at'), ('clicked_count', 'clicked_at'), ('unsubscribed_count', 'unsubscribed_at'),
        ('complained_count', 'complained_at')
    ]) }}
{%- endmacro %}
