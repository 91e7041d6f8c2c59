{# Run once before a build: the table in which scores that declare `meta.history` record how they changed. #}
{% macro create_score_history() -%}
    {% if execute %}
        {% do adapter.create_schema(api.Relation.create(database=target.database or none, schema='scores')) %}
        {% do run_query(create_score_table()) %}
    {% endif %}
{%- endmacro %}

{% macro create_score_table() -%}
    {{ return(adapter.dispatch('create_score_table')()) }}
{%- endmacro %}

{% macro duckdb__create_score_table() -%}
    create table if not exists scores.history (
        entity_id {{ dbt.type_string() }}, score {{ dbt.type_string() }}, value double,
        valid_from timestamp, valid_to timestamp
    )
{%- endmacro %}

{# One partition per score, last: Parquet knows no update, so a score's whole history is written anew. #}
{% macro spark__create_score_table() -%}
    create table if not exists scores.history (
        entity_id {{ dbt.type_string() }}, value double,
        valid_from timestamp, valid_to timestamp, score {{ dbt.type_string() }}
    )
    using parquet
    partitioned by (score)
{%- endmacro %}

{# Run after each score is built: `meta.history` names its key, its value and how many decimals count. Values that differ
   from the last close it and open a new row; entities that are no longer scored close. Twice for one moment changes nothing. #}
{% macro record_score() -%}
    {#- Named here, for dbt does not see what a hook reads only when it runs. #}
    {%- do ref('stg_millrace__clock') -%}
    {%- set history = model.config.get('meta', {}).get('history') -%}
    {%- if not history -%}
        select 1
    {%- else -%}
        {{ return(adapter.dispatch('record_score')(history)) }}
    {%- endif -%}
{%- endmacro %}

{% macro duckdb__record_score(history) -%}
    update scores.history as history
    set valid_to = {{ as_of() }}
    where history.score = '{{ this.name }}'
        and history.valid_to is null
        and not exists (
            select 1 from ({{ scored_values(history) }}) as fresh
            where fresh.entity_id = history.entity_id and fresh.value is not distinct from history.value
        );
    insert into scores.history
    select fresh.entity_id, '{{ this.name }}', fresh.value, {{ as_of() }}, null
    from ({{ scored_values(history) }}) as fresh
    where not exists (
        select 1 from scores.history as history
        where history.score = '{{ this.name }}'
            and history.entity_id = fresh.entity_id
            and history.valid_to is null
    );
{%- endmacro %}

{% macro spark__record_score(history) -%}
    insert overwrite table scores.history partition (score)
    select
        history.entity_id, history.value, history.valid_from,
        case
            when history.valid_to is null and not (history.value <=> fresh.value and fresh.entity_id is not null) then {{ as_of() }}
            else history.valid_to
        end as valid_to,
        history.score
    from scores.history as history
    left join ({{ scored_values(history) }}) as fresh on history.entity_id = fresh.entity_id
    where history.score = '{{ this.name }}'
    union all
    select fresh.entity_id, fresh.value, {{ as_of() }}, cast(null as timestamp), '{{ this.name }}'
    from ({{ scored_values(history) }}) as fresh
    left join scores.history as history
        on fresh.entity_id = history.entity_id
        and history.score = '{{ this.name }}'
        and history.valid_to is null
        and history.value <=> fresh.value
    where history.entity_id is null
{%- endmacro %}

{# What a score says now: one row per entity. #}
{% macro scored_values(history) -%}
    select {{ history.key }} as entity_id, {{ rounded(history.value, history.get('decimals', 0)) }} as value
    from {{ this }} where {{ history.key }} is not null
{%- endmacro %}
