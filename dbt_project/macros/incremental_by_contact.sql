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

{# The moment for which this model was built last, as a literal of `type`; NULL when it holds nothing. #}
{% macro last_moment(type='timestamp') -%}
    {%- set value = run_query('select max(computed_at) from ' ~ this).columns[0].values()[0] if extends_itself() else none -%}
    {{ "cast('" ~ value ~ "' as " ~ type ~ ")" if value is not none else 'cast(null as ' ~ type ~ ')' }}
{%- endmacro %}

{# The moment of now as a literal of `type`; NULL where nothing is built. #}
{% macro this_moment(type='timestamp') -%}
    {%- set value = clock_reads() if builds_itself() else none -%}
    {{ "cast('" ~ value ~ "' as " ~ type ~ ")" if value is not none else 'cast(null as ' ~ type ~ ')' }}
{%- endmacro %}

{# Whether something at `moment` has come into view since this model was built last: it was dated ahead of then. What was
   delivered late is news of its own. `moment` is a column as it is stored, so that a table's blocks can be passed over. #}
{% macro comes_into_view(moment, type='timestamp') -%}
    ({{ moment }} > {{ last_moment(type) }} and {{ moment }} <= {{ this_moment(type) }})
{%- endmacro %}

{# Whether a day has left one of the windows (in days) since this model was built last; false within the same day. #}
{% macro leaves_window(day, windows) -%}
    {%- set last, now = last_moment('date'), this_moment('date') -%}
    {%- if last.split(' ')[0] == now.split(' ')[0] -%}
        false
    {%- else -%}
    (
        {%- for window in windows %}
        {{ 'or ' if not loop.first }}({{ day }} >= {{ dbt.dateadd('day', -window, last) }} and {{ day }} < {{ dbt.dateadd('day', -window, now) }})
        {%- endfor %}
    )
    {%- endif -%}
{%- endmacro %}

{# Whether this run adds to what was computed for an earlier moment, or the same; of a later one nothing can be taken over. #}
{% macro has_moved_on() -%}
    {{ return(extends_itself() and last_moment() != 'cast(null as timestamp)' and last_moment() <= this_moment()) }}
{%- endmacro %}

{# Run before a model of what holds now: what was computed for a later moment goes, whoever turned the clock back. #}
{% macro forget_later() -%}
    {%- if extends_itself() -%}
        delete from {{ this }} where computed_at > {{ as_of() }}
    {%- else -%}
        select 1
    {%- endif -%}
{%- endmacro %}
