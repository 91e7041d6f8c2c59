{# Work tables of the connected components of `pairs`, a SELECT of node columns `a` and `b`; returns the name of a table
   of `node` and `component`, the smallest node of its component. Every node points to its smallest neighbour, nodes that
   point to each other become one, until no pair is left: the number of rounds grows with the logarithm of the longest
   path, and the result does not depend on any order. Raises after 60 rounds. #}
{% macro connected_components(pairs, prefix) -%}
    {%- set labels, left = work_table(prefix ~ '_labels'), work_table(prefix ~ '_pairs') -%}
    {%- set parents = work_table(prefix ~ '_parents') -%}
    {% do make_work_table(left, 'select distinct a, b from (' ~ pairs ~ ') as pairs where a <> b') %}
    {% do make_work_table(labels, 'select a as node, a as component from ' ~ left ~ ' union select b, b from ' ~ left) %}
    {% for round in range(60) %}
        {% if run_query('select count(*) from ' ~ left).columns[0].values()[0] | int > 0 %}
            {% if round == 59 %}
                {% do exceptions.raise_compiler_error('connected components did not settle in 60 rounds') %}
            {% endif %}
            {% do make_work_table(parents, 'select node, min(other) as parent from (select a as node, b as other from ' ~ left
                ~ ' union all select b, a from ' ~ left ~ ') as ends group by node having min(other) < node') %}
            {% do make_work_table(parents ~ '_2', 'select own.node, coalesce(next.parent, own.parent) as parent from '
                ~ parents ~ ' as own left join ' ~ parents ~ ' as next on own.parent = next.node') %}
            {% do make_work_table(labels ~ '_2', 'select labels.node, coalesce(parents.parent, labels.component) as component from '
                ~ labels ~ ' as labels left join ' ~ parents ~ '_2 as parents on labels.component = parents.node') %}
            {% do make_work_table(labels, 'select * from ' ~ labels ~ '_2') %}
            {% do make_work_table(left ~ '_2', 'select distinct coalesce(one.parent, pairs.a) as a, coalesce(two.parent, pairs.b) as b from '
                ~ left ~ ' as pairs left join ' ~ parents ~ '_2 as one on pairs.a = one.node left join '
                ~ parents ~ '_2 as two on pairs.b = two.node where coalesce(one.parent, pairs.a) <> coalesce(two.parent, pairs.b)') %}
            {% do make_work_table(left, 'select * from ' ~ left ~ '_2') %}
        {% endif %}
    {% endfor %}
    {{ return(labels) }}
{%- endmacro %}

{# How a work table is called: Spark has no temporary tables, so there it lies beside the model that makes it. #}
{% macro work_table(name) -%}
    {{ return(adapter.dispatch('work_table')(name)) }}
{%- endmacro %}

{% macro duckdb__work_table(name) -%}
    {{ return(name) }}
{%- endmacro %}

{% macro spark__work_table(name) -%}
    {{ return(this.schema ~ '.' ~ name) }}
{%- endmacro %}

{# A table that lives as long as the connection; made anew when it exists. #}
{% macro make_work_table(name, query) -%}
    {{ return(adapter.dispatch('make_work_table')(name, query)) }}
{%- endmacro %}

{% macro duckdb__make_work_table(name, query) -%}
    {% do run_query('create or replace temp table ' ~ name ~ ' as ' ~ query) %}
{%- endmacro %}

{% macro spark__make_work_table(name, query) -%}
    {% do run_query('drop table if exists ' ~ name) %}
    {% do run_query('create table ' ~ name ~ ' using parquet as ' ~ query) %}
{%- endmacro %}
