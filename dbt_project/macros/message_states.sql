{# The states of a message in the order in which they count, with their ranks; to have been read is to have been delivered. #}
{% macro message_states() -%}
    {{ return([
        ('queued', 1), ('sent', 2), ('deferred', 3), ('delivered', 4), ('read', 4), ('canceled', 5), ('failed', 6), ('rejected', 7),
        ('bounced', 8),
    ]) }}
{%- endmacro %}

{# The rank of what an event says; 0 for what says nothing of the state. #}
{% macro message_state_rank(event) -%}
    case {{ event }}{% for name, rank in message_states() %} when '{{ name }}' then {{ rank }}{% endfor %} else 0 end
{%- endmacro %}

{# The state that has a rank. #}
{% macro message_state(rank) -%}
    case {{ rank }}
        {%- for name, number in message_states() if name != 'read' %} when {{ number }} then '{{ name }}'{% endfor %} else 'unknown' end
{%- endmacro %}
