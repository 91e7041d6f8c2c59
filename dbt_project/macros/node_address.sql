{# The e-mail address or phone number of an identity node; NULL where the node is neither. #}
{% macro node_address(node) -%}
    case when {{ node }} like 'email:%' or {{ node }} like 'phone:%' then substr({{ node }}, 7) end
{%- endmacro %}
