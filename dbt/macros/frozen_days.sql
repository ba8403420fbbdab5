{#-
  Days of tenants that lost events because their period was over (governance.retention_frozen_days, docs/reference/retention.md).
  What is computed from events cannot be computed again for them: `daily_swap` leaves them out and carries the rows they have.
-#}

{#- Whether the model is made from raw.events, however many models lie between. -#}
{% macro reads_events(node_id) %}
    {%- set found = [] -%}
    {%- for id in graph.nodes[node_id].depends_on.nodes if not found -%}
        {%- if id.endswith('.web.events') or (id.startswith('model.') and reads_events(id)) -%}{%- do found.append(id) -%}{%- endif -%}
    {%- endfor -%}
    {{ return(found | length > 0) }}
{% endmacro %}

{#- Whether the model has frozen days in the window or next to it. -#}
{% macro has_frozen_days() %}
    {%- if not reads_events(model.unique_id) -%}{{ return(false) }}{%- endif -%}
    {%- set found = run_query(
        'select count() from governance.retention_frozen_days where local_date >= ' ~ window_min() ~ ' - 1 and local_date <= ' ~ window_max()
    ) -%}
    {{ return(found.rows[0][0] | int > 0) }}
{% endmacro %}

{% macro frozen_rows() -%}
    (tenant_id, local_date) in (select tenant_id, local_date from governance.retention_frozen_days)
{%- endmacro %}

{#- What was computed, without frozen days. -#}
{% macro without_frozen_days(rows) -%}
    select * from ({{ rows }}) where not ({{ frozen_rows() }})
{%- endmacro %}

{#- The frozen rows of the days that are swapped, as the table has them: columns that it has not are empty. -#}
{% macro carry_frozen_days(aside, relation, present, neighbours) %}
    {%- set kept = [] -%}
    {%- for name in model.columns.values() | map(attribute='name') if name in present | map('first') | list -%}
        {%- do kept.append(name) -%}
    {%- endfor -%}
    {%- set days = ["toDate('1970-01-01')"] -%}
    {%- for day, side, is_present in neighbours -%}{%- do days.append("toDate('" ~ day ~ "')") -%}{%- endfor -%}
    {%- set rows = 'select ' ~ kept | join(', ') ~ ' from ' ~ relation ~ ' where ' ~ frozen_rows()
        ~ ' and ((' ~ in_window('local_date') ~ ') or local_date in (' ~ days | join(', ') ~ '))' -%}
    {%- do insert_rows(aside, kept | join(', '), rows) -%}
{% endmacro %}
