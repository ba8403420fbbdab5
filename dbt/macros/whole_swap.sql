{#-
  Materialization `whole_swap`: the whole table is computed aside and exchanged in one step. For dimensions, which have no days.
  Made from the columns of the model's .yml entry, so a changed model changes the table.
  Config: order_by; released: the table's rows are carried and never computed again (see `anonymise_releases`).
-#}
{% materialization whole_swap, adapter='clickhouse' %}
    {%- set aside = aside_relation(this) -%}
    {{ run_hooks(pre_hooks) }}

    {%- do run_query('drop table if exists ' ~ aside ~ ' sync') -%}
    {%- do run_query(create_from_columns(aside)) -%}
    {%- do insert_rows(aside, column_names(), sql) -%}
    {%- if config.get('released', false) -%}{%- do keep_released(this, aside) -%}{%- endif -%}
    {% call statement('main') -%}
        {%- if existing_columns(this) -%}
            exchange tables {{ aside }} and {{ this }}
        {%- else -%}
            rename table {{ aside }} to {{ this }}
        {%- endif -%}
    {%- endcall %}
    {%- if config.get('released', false) -%}{%- do record_releases(this) -%}{%- endif -%}
    {%- do run_query('drop table if exists ' ~ aside ~ ' sync') -%}

    {{ run_hooks(post_hooks) }}
    {{ return({'relations': [this.incorporate(type='table')]}) }}
{% endmaterialization %}
