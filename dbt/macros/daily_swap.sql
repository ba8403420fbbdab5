{#-
  Materialization `daily_swap`: whole local days are computed aside and swapped in.

  The model's rows of [min_date, max_date) go into an aside table, chunk by chunk; then one ALTER replaces each day that has rows and
  drops each day of the window that has none. Readers see yesterday's table or today's; a failure before the ALTER changes nothing.
  The tables are made from the columns of the model's .yml entry. Partitioned by local_date; `order_by` begins with tenant_id.

  Config: order_by; chunk_by_events (chunks of few enough events to stay within memory, else of 90 days);
  neighbours: 'days' recomputes the day before and the day after, 'visitors' only the boundary visitors' rows of them,
  each only where that day is built already. Frozen days keep the rows they have (frozen_days.sql).
-#}
{% materialization daily_swap, adapter='clickhouse' %}
    {%- set target_relation = this.incorporate(type='table') -%}
    {%- set aside = aside_relation(this) -%}
    {%- set columns = column_names() -%}
    {{ run_hooks(pre_hooks) }}

    {%- do run_query('drop table if exists ' ~ aside ~ ' sync') -%}
    {%- set present = existing_columns(this) -%}
    {%- if present and should_full_refresh() -%}
        {%- do require_whole_window(this) -%}
        {%- do run_query(create_from_columns(aside)) -%}
    {%- else -%}
        {%- if present -%}
            {%- do require_same_columns(this, present) -%}
        {%- else -%}
            {%- do run_query(create_from_columns(this)) -%}
        {%- endif -%}
        {%- do run_query('create table ' ~ aside ~ ' as ' ~ this) -%}
    {%- endif -%}

    {%- set frozen = has_frozen_days() -%}
    {%- set sql = without_frozen_days(sql) if frozen else sql -%}
    {%- set days = neighbour_days(this, config.get('neighbours')) -%}
    {%- for first, last in chunks(config.get('chunk_by_events', false)) -%}
        {%- do insert_rows(aside, columns, rows_of_window(sql, first, last)) -%}
    {%- endfor -%}
    {%- for day, side, is_present in days -%}
        {%- if is_present and config.get('neighbours') == 'visitors' -%}
            {%- set boundary = boundary_visitors(day, side) -%}
            {%- do insert_rows(aside, columns, rows_of_window(sql, day, day, boundary)) -%}
            {%- set carried = carried_rows(this, columns, day, boundary) -%}
            {%- do insert_rows(aside, columns, without_frozen_days(carried) if frozen else carried) -%}
        {%- else -%}
            {%- do insert_rows(aside, columns, rows_of_window(sql, day, day)) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- if frozen and present -%}{%- do carry_frozen_days(aside, this, present, days) -%}{%- endif -%}

    {%- if present and should_full_refresh() -%}
        {% call statement('main') %}exchange tables {{ aside }} and {{ this }}{% endcall %}
    {%- else -%}
        {% call statement('main') %}{{ swap_days(this, aside, days) }}{% endcall %}
    {%- endif -%}
    {%- do run_query('drop table if exists ' ~ aside ~ ' sync') -%}

    {{ run_hooks(post_hooks) }}
    {{ return({'relations': [target_relation]}) }}
{% endmaterialization %}


{#- The model's SQL for the days first … last (inclusive) and, where given, only these visitors. -#}
{% macro rows_of_window(sql, first, last, visitors=none) -%}
    {%- set rows = sql
        | replace(window_min(), "toDate('" ~ first ~ "')")
        | replace(window_max(), "(toDate('" ~ last ~ "') + 1)") -%}
    {{ rows | replace(wanted_visitors(), '(tenant_id, visitor_id) in (' ~ visitors ~ ')') if visitors else rows }}
{%- endmacro %}

{#- Visitors of a neighbour day whose sessions the window can change: active in its last (before) or first (after) half hour. -#}
{% macro boundary_visitors(day, side) -%}
    select tenant_id, visitor_id
    from {{ ref('stg_web__events') }}
    where local_date = toDate('{{ day }}') and {{ 'is_day_tail' if side == 'before' else 'is_day_head' }}
{%- endmacro %}

{% macro carried_rows(relation, columns, day, visitors) -%}
    select {{ columns }}
    from {{ relation }}
    where local_date = toDate('{{ day }}') and (tenant_id, visitor_id) not in ({{ visitors }})
{%- endmacro %}

{#- REPLACE for every day the aside table has, DROP for every other day of the window (and rebuilt neighbour) the table has. -#}
{% macro swap_days(relation, aside, neighbours) -%}
    {%- set first, after = window_partitions() -%}
    {%- set replaced = partition_ids(aside) -%}
    {%- set dropped = [] -%}
    {%- for day in partition_ids(relation) if day not in replaced -%}
        {%- if (first <= day and day < after) or day in neighbours | map('first') | map('replace', '-', '') | list -%}
            {%- do dropped.append(day) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- if replaced or dropped -%}
        alter table {{ relation }}
        {% for day in replaced %}replace partition id '{{ day }}' from {{ aside }}{{ ', ' if not loop.last }}{% endfor %}
        {{- ', ' if replaced and dropped }}
        {% for day in dropped %}drop partition id '{{ day }}'{{ ', ' if not loop.last }}{% endfor %}
    {%- else -%}
        select 'no rows before, no rows now'
    {%- endif -%}
{%- endmacro %}
