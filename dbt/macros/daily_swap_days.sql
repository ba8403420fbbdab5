{#- Which days `daily_swap` computes, and in which chunks. Days are ISO texts, partition ids are the same without dashes. -#}

{#- The window as dates: (first, day after the last). -#}
{% macro window_dates() %}
    {%- set date = modules.datetime.date -%}
    {{ return((date.fromisoformat(var('min_date') | string), date.fromisoformat(var('max_date') | string))) }}
{% endmacro %}

{#- The window as partition ids: (first, day after the last). -#}
{% macro window_partitions() %}
    {{ return((var('min_date') | string | replace('-', ''), var('max_date') | string | replace('-', ''))) }}
{% endmacro %}

{% macro partition_ids(relation) %}
    {%- set found = run_query(
        "select distinct partition_id from system.parts where active and rows > 0 and database = '" ~ relation.schema
        ~ "' and table = '" ~ relation.identifier ~ "' order by partition_id"
    ) -%}
    {{ return(found.rows | map(attribute=0) | map('string') | list) }}
{% endmacro %}

{#-
  The days next to the window that are built: [(day, 'before' or 'after', whether the table has rows of it)].
  A day without rows here is built when a table this one reads has it: its rows may all belong to the day before.
-#}
{% macro neighbour_days(relation, kind) %}
    {%- if not kind -%}{{ return([]) }}{%- endif -%}
    {%- set present = partition_ids(relation) -%}
    {%- set built = present | list -%}
    {%- for id in model.depends_on.nodes if graph.nodes[id].config.materialized == 'daily_swap' -%}
        {%- do built.extend(partition_ids(api.Relation.create(schema=graph.nodes[id].schema, identifier=graph.nodes[id].alias))) -%}
    {%- endfor -%}
    {%- set first, after = window_dates() -%}
    {%- set days = [] -%}
    {%- for day, side in [(first - modules.datetime.timedelta(days=1), 'before'), (after, 'after')]
        if day.isoformat() | replace('-', '') in built -%}
        {%- do days.append((day.isoformat(), side, day.isoformat() | replace('-', '') in present)) -%}
    {%- endfor -%}
    {{ return(days) }}
{% endmacro %}

{#- The window, cut to the days there can be data for, in chunks: [(first day, last day)]. -#}
{% macro chunks(by_events) %}
    {%- set max_days, max_events = 90, 5000000 -%}
    {%- set weights = events_by_day() if by_events else {} -%}
    {%- set found, chunk, events = [], [], [0] -%}
    {%- for day in days_with_data() -%}
        {%- set weight = weights.get(day, 0) -%}
        {%- if chunk and (chunk | length >= max_days or events[-1] + weight > max_events) -%}
            {%- do found.append((chunk[0], chunk[-1])) -%}
            {%- do chunk.clear() -%}
            {%- do events.append(0) -%}
        {%- endif -%}
        {%- do chunk.append(day) -%}
        {%- do events.append(events[-1] + weight) -%}
    {%- endfor -%}
    {%- if chunk -%}{%- do found.append((chunk[0], chunk[-1])) -%}{%- endif -%}
    {{ return(found) }}
{% endmacro %}

{#-
  Every day of the window; of a long one (as by default) those next to a day that raw has rows of: what a day is made from is dated
  within a day of it, in any zone. As numbers, as the date before 1970-01-01 would be one of 2149.
-#}
{% macro days_with_data() %}
    {%- set first, after = window_dates() -%}
    {%- if (after - first).days <= 90 -%}
        {%- set days = [] -%}
        {%- for number in range((after - first).days) -%}
            {%- do days.append((first + modules.datetime.timedelta(days=number)).isoformat()) -%}
        {%- endfor -%}
        {{ return(days) }}
    {%- endif -%}
    {%- set days_near_rows %}
        with dated as (
            select distinct toInt32(toDate(parseDateTimeBestEffort(partition_id))) as number
            from system.parts
            where active and database = 'raw' and table = 'events'
            {%- for table, instant in [
                ('oltp_orders', 'placed_at'),
                ('oltp_order_items', 'placed_at'),
                ('oltp_refunds', 'processed_at'),
                ('oltp_payments', 'processed_at'),
            ] %}
            union all
            select distinct toInt32(toDate({{ instant }})) as number from {{ source('shop', table) }}
            {%- endfor %}
        )
        select distinct toString(toDate(toUInt16(near))) as day
        from dated
        array join [number - 1, number, number + 1] as near
        where near >= toInt32(toDate('{{ first }}')) and near < toInt32(toDate('{{ after }}'))
        order by day
    {% endset -%}
    {{ return(run_query(days_near_rows).rows | map(attribute=0) | list) }}
{% endmacro %}

{#- Events of each UTC day, as a measure of a local day's. -#}
{% macro events_by_day() %}
    {%- set found = run_query(
        "select toString(toDate(parseDateTimeBestEffort(partition_id))), sum(rows) from system.parts "
        ~ "where active and database = 'raw' and table = 'events' group by partition_id"
    ) -%}
    {%- set weights = {} -%}
    {%- for row in found.rows -%}{%- do weights.update({row[0]: row[1] | int}) -%}{%- endfor -%}
    {{ return(weights) }}
{% endmacro %}
