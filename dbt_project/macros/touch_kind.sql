{# What a delivered or withheld row is for its contact, told by its channel, mode and object. #}
{% macro touch_kind(relation) -%}
    case
        when {{ relation }}.channel = 'onsite' then 'decision'
        when {{ relation }}.channel = 'notify' then 'notification'
        when {{ relation }}.channel in ('email', 'sms', 'push') and {{ relation }}.mode = 'append' then 'message'
        when {{ relation }}.object in ('deal', 'task', 'note', 'activity') then replace({{ relation }}.object, 'activity', 'task')
        else 'sync'
    end
{%- endmacro %}
