{# Makes a model incremental by contact: rows of contacts with news go and are computed anew, all others stay. #}
{% macro incremental_by_contact() -%}
    {{ incremental_by_key('contact_id') }}
    {{ config(pre_hook="{{ forget_touched(ref('int_contacts__touched'), 'contact_id') }}") }}
{%- endmacro %}

{# The contacts with news since this model was built, as a SELECT of `contact_id`. #}
{% macro touched_contacts() -%}
    select touched.contact_id from {{ ref('int_contacts__touched') }} as touched
    where touched.batch > {{ newest_batch() }}
{%- endmacro %}

{# The newest load that brought news of any contact: what a row that is computed now has seen. #}
{% macro newest_news() -%}
    {%- if builds_itself() -%}
        cast({{ run_query('select coalesce(max(batch), -1) from ' ~ ref('int_contacts__touched')).columns[0].values()[0] }} as bigint)
    {%- else -%}
        cast(0 as bigint)
    {%- endif -%}
{%- endmacro %}

{# The day for which this model was built last, as a date literal; NULL when it holds nothing. #}
{% macro last_day(day='computed_on') -%}
    {%- set value = run_query('select max(' ~ day ~ ') from ' ~ this).columns[0].values()[0] if extends_itself() else none -%}
    {{ "cast('" ~ value ~ "' as date)" if value is not none else 'cast(null as date)' }}
{%- endmacro %}

{# The day of now, written out: literals are compared while a table is read, a subquery would not be. #}
{% macro this_day() -%}
    {%- set value = run_query('select cast(' ~ as_of() ~ ' as date)').columns[0].values()[0] if builds_itself() else none -%}
    {{ "cast('" ~ value ~ "' as date)" if value is not none else 'cast(null as date)' }}
{%- endmacro %}

{# Whether a day has entered or left one of the windows (in days) since the day for which this model was built: it has
   when it lay within the window then and no longer does. What was dated ahead of then comes into view by its own day. #}
{% macro crosses_window(day, windows) -%}
    {%- set last, now = last_day(), this_day() -%}
    (
        {{ day }} between {{ last }} and {{ now }}
        {%- for window in windows if last != now %}
        or ({{ day }} >= {{ dbt.dateadd('day', -window, last) }} and {{ day }} < {{ dbt.dateadd('day', -window, now) }})
        {%- endfor %}
    )
{%- endmacro %}
