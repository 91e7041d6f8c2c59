{# The one mailbox behind an address and its aliases, by the rules of big providers: Google ignores dots and what follows a
   plus; Microsoft, Apple, Fastmail and Proton ignore what follows a plus. Used to find suppressions, never to merge people
   and never to give consent. `column` holds a normalised address. #}
{% macro canonical_email(column) -%}
    {%- set name = "split_part(" ~ column ~ ", '@', 1)" -%}
    {%- set domain = "split_part(" ~ column ~ ", '@', 2)" -%}
    {%- set bare = "split_part(" ~ name ~ ", '+', 1)" -%}
    case
        when {{ domain }} in ('gmail.com', 'googlemail.com')
            then {{ dbt.replace(bare, "'.'", "''") }} || '@gmail.com'
        when {{ domain }} in ('outlook.com', 'hotmail.com', 'live.com', 'icloud.com', 'me.com', 'mac.com', 'fastmail.com',
            'proton.me', 'protonmail.com')
            then {{ bare }} || '@' || {{ domain }}
        else {{ column }}
    end
{%- endmacro %}
