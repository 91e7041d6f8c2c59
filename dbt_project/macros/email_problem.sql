{# What is wrong with an address that has one @ and a dot behind it, in words, by RFC 5321 (lengths) and RFC 5322 (dot-atom)
   and what mailboxes that take mail look like; NULL when nothing is. #}
{% macro email_problem(local_part, domain) -%}
    case
        when length({{ local_part }}) > 64 then 'more than 64 letters before the @'
        when length({{ local_part }}) + length({{ domain }}) + 1 > 254 then 'more than 254 letters'
        when {{ matches_pattern(local_part, '(^[.]|[.]$|[.][.])') }} then 'a dot too many before the @'
        when {{ matches_pattern(local_part, '[ ()<>,;:@"]') }} or {{ local_part }} like '%[%' or {{ local_part }} like '%]%' then 'a sign that no mailbox has'
        when not {{ matches_pattern(domain, '^([^.-][^.]*[.])+[^.]+$') }} then 'a domain that cannot be'
        when {{ matches_pattern(domain, '[ _!#$%&*()+=/<>,;:]') }} then 'a sign that no domain has'
        when {{ matches_pattern(domain, '[.][0-9]+$') }} then 'a domain that ends in digits'
        when {{ matches_pattern(domain, '[.][^.]$') }} then 'a domain that ends in one letter'
    end
{%- endmacro %}
