{#-
  The days a run builds: [min_date, max_date) in the tenants' own zones.
  `daily_swap` builds a long window in chunks: it replaces these very texts, comment and all, with each chunk's days.
-#}
{% macro window_min() -%}
    toDate('{{ var("min_date") }}') /* first day */
{%- endmacro %}

{% macro window_max() -%}
    toDate('{{ var("max_date") }}') /* day after the last */
{%- endmacro %}

{% macro in_window(local_date) -%}
    {{ local_date }} >= {{ window_min() }} and {{ local_date }} < {{ window_max() }}
{%- endmacro %}

{#- The instants that can fall into the window anywhere on earth: from UTC+14 to UTC-12. Prunes partitions; in_window decides. -#}
{% macro in_window_of_any_zone(instant) -%}
    {{ instant }} >= toDateTime64({{ window_min() }}, 3, 'UTC') - interval 14 hour
    and {{ instant }} < toDateTime64({{ window_max() }}, 3, 'UTC') + interval 12 hour
{%- endmacro %}

{#- Which visitors to read: all of them, unless `daily_swap` patches a neighbour day and puts its boundary visitors here. -#}
{% macro wanted_visitors() -%}
    true /* wanted visitors */
{%- endmacro %}
