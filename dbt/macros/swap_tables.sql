{#- What `daily_swap` and `whole_swap` share: the aside table, tables made from a model's documented columns, the insert. -#}

{#- In `staging`, which only the pipeline reads: what is half built is never readable beside the marts. -#}
{% macro aside_relation(relation) %}
    {{ return(api.Relation.create(schema='staging', identifier='__aside__' ~ relation.schema ~ '__' ~ relation.identifier, type='table')) }}
{% endmacro %}

{#- At the end of a run, also one that failed: what its models left aside goes. -#}
{% macro drop_aside_tables() %}
    {%- if execute -%}
        {%- set ours = [] -%}
        {%- for id in selected_resources if id.startswith('model.') -%}
            {%- do ours.append(aside_relation(api.Relation.create(schema=graph.nodes[id].schema, identifier=graph.nodes[id].alias)).identifier) -%}
        {%- endfor -%}
        {%- set left = run_query("select name from system.tables where database = 'staging' and startsWith(name, '__aside__')") -%}
        {%- for row in left.rows if row[0] in ours -%}
            {%- do run_query('drop table if exists staging.' ~ row[0] ~ ' sync') -%}
        {%- endfor -%}
    {%- endif -%}
{% endmacro %}

{% macro column_names() %}
    {{ return(model.columns.values() | map(attribute='name') | join(', ')) }}
{% endmacro %}

{% macro create_from_columns(relation) -%}
    create table {{ relation }}
    (
        {%- for column in model.columns.values() %}
        {{ column.name }} {{ column.data_type }} comment '{{ column.description | trim | replace("'", "''") }}'{{ ',' if not loop.last }}
        {%- endfor %}
    )
    engine = MergeTree
    {%- if config.get('materialized') == 'daily_swap' %}
    partition by local_date
    {%- endif %}
    order by ({{ config.require('order_by') | join(', ') }})
    comment '{{ model.description | trim | replace("'", "''") }}'
{%- endmacro %}

{% macro insert_rows(relation, columns, rows) %}
    {%- do run_query(
        'insert into ' ~ relation ~ ' (' ~ columns ~ ') select ' ~ columns ~ ' from (' ~ rows ~ ')'
        ~ ' settings max_partitions_per_insert_block = 0, max_insert_threads = 2, final = 1'
    ) -%}
{% endmacro %}

{#- [(name, type)] of the table, empty where there is none. -#}
{% macro existing_columns(relation) %}
    {%- set found = run_query(
        "select name, type from system.columns where database = '" ~ relation.schema ~ "' and table = '" ~ relation.identifier
        ~ "' order by position"
    ) -%}
    {%- set columns = [] -%}
    {%- for row in found.rows -%}{%- do columns.append((row[0], row[1])) -%}{%- endfor -%}
    {{ return(columns) }}
{% endmacro %}

{% macro require_same_columns(relation, present) %}
    {%- set wanted = [] -%}
    {%- for column in model.columns.values() -%}{%- do wanted.append((column.name, column.data_type)) -%}{%- endfor -%}
    {%- if present != wanted -%}
        {%- set changes = [] -%}
        {%- for column in wanted if column not in present -%}{%- do changes.append('+' ~ column | join(' ')) -%}{%- endfor -%}
        {%- for column in present if column not in wanted -%}{%- do changes.append('-' ~ column | join(' ')) -%}{%- endfor -%}
        {%- do exceptions.raise_compiler_error(
            'The columns of ' ~ relation ~ ' are not the model\'s (' ~ (changes | join(', ') or 'other order')
            ~ '): rebuild all its days with `dbt run --full-refresh --select ' ~ model.name ~ '`, without window vars.'
        ) -%}
    {%- endif -%}
{% endmacro %}

{#- A full refresh replaces the table: refuse one that would lose the days outside its window. -#}
{% macro require_whole_window(relation) %}
    {%- set first, after = window_partitions() -%}
    {%- for day in partition_ids(relation) if day < first or day >= after -%}
        {%- do exceptions.raise_compiler_error(
            'A full refresh of ' ~ relation ~ ' from ' ~ var('min_date') ~ ' to ' ~ var('max_date') ~ ' would lose the day ' ~ day
            ~ ': run it without window vars.'
        ) -%}
    {%- endfor -%}
{% endmacro %}
