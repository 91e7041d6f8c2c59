{# Run once before a build: the table in which segments record their members; those of a segment that is no longer
   declared end. #}
{% macro create_membership_history() -%}
    {% if execute %}
        {% do adapter.create_schema(api.Relation.create(database=target.database or none, schema='segments')) %}
        {% do run_query(create_membership_table()) %}
        {% set declared = ["''"] %}
        {% for node in graph.nodes.values() if node.config.get('meta', {}).get('segment') %}
            {% do declared.append("'" ~ node.name ~ "'") %}
        {% endfor %}
        {% do run_query(end_undeclared(declared | join(', '))) %}
    {% endif %}
{%- endmacro %}

{% macro create_membership_table() -%}
    {{ return(adapter.dispatch('create_membership_table')()) }}
{%- endmacro %}

{% macro duckdb__create_membership_table() -%}
    create table if not exists segments.membership_history (
        contact_id {{ dbt.type_string() }}, segment {{ dbt.type_string() }}, reason {{ dbt.type_string() }},
        entered_at timestamp, left_at timestamp
    )
{%- endmacro %}

{# One partition per segment: Parquet knows no update, so a segment's whole history is written anew. #}
{% macro spark__create_membership_table() -%}
    create table if not exists segments.membership_history (
        contact_id {{ dbt.type_string() }}, reason {{ dbt.type_string() }},
        entered_at timestamp, left_at timestamp, segment {{ dbt.type_string() }}
    )
    using parquet
    partitioned by (segment)
{%- endmacro %}

{% macro end_undeclared(declared) -%}
    {{ return(adapter.dispatch('end_undeclared')(declared)) }}
{%- endmacro %}

{% macro duckdb__end_undeclared(declared) -%}
    update segments.membership_history set left_at = (select max(as_of) from raw_millrace.clock)
    where left_at is null and segment not in ({{ declared }})
{%- endmacro %}

{% macro spark__end_undeclared(declared) -%}
    insert overwrite table segments.membership_history partition (segment)
    select
        contact_id, reason, entered_at,
        coalesce(left_at, (select max(as_of) from raw_millrace.clock)) as left_at,
        segment
    from segments.membership_history
    where segment not in ({{ declared }})
{%- endmacro %}

{# Run after each segment is built: closes the memberships of those who left, opens those of who entered.
   Running it twice for one moment changes nothing. #}
{% macro record_membership() -%}
    {%- if not model.config.get('meta', {}).get('segment') -%}
        select 1
    {%- else -%}
        {{ return(adapter.dispatch('record_membership')()) }}
    {%- endif -%}
{%- endmacro %}

{% macro duckdb__record_membership() -%}
    update segments.membership_history as history
    set left_at = {{ as_of() }}
    where history.segment = '{{ this.name }}'
        and history.left_at is null
        and history.contact_id not in (select members.contact_id from {{ this }} as members);
    insert into segments.membership_history
    select members.contact_id, '{{ this.name }}', members.reason, {{ as_of() }}, null
    from {{ this }} as members
    where not exists (
        select 1 from segments.membership_history as history
        where history.segment = '{{ this.name }}'
            and history.contact_id = members.contact_id
            and history.left_at is null
    );
{%- endmacro %}

{# Overwriting one partition may read it: the new files are moved in when all is written. #}
{% macro spark__record_membership() -%}
    insert overwrite table segments.membership_history partition (segment)
    select
        history.contact_id, history.reason, history.entered_at,
        case
            when history.left_at is null and members.contact_id is null then {{ as_of() }}
            else history.left_at
        end as left_at,
        history.segment
    from segments.membership_history as history
    left join {{ this }} as members on history.contact_id = members.contact_id
    where history.segment = '{{ this.name }}'
    union all
    select members.contact_id, members.reason, {{ as_of() }}, cast(null as timestamp), '{{ this.name }}'
    from {{ this }} as members
    left join segments.membership_history as history
        on members.contact_id = history.contact_id
        and history.segment = '{{ this.name }}'
        and history.left_at is null
    where history.contact_id is null
{%- endmacro %}
