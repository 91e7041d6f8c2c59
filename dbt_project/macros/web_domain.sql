{# The domain of a web address without `www.`: `https://www.Shop.example/a` is `shop.example`; '' where there is none. #}
{% macro web_domain(url) -%}
    {{ extract_pattern('lower(trim(' ~ url ~ '))', '^([a-z]+:/*)?(www[.])?([^/:?#@ ]+[.][^/:?#@. ]+)', 3) }}
{%- endmacro %}
