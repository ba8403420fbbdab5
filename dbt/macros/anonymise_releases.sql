{#-
  When an anonymous period is shown: once, a fixed delay after it ended, and never computed again.

  Two releases of one period, before and after a tenant left, would show the tenant by subtraction. So `whole_swap` with config
  `released: true` carries every row it has released, adds the periods that are due, and refuses to replace its table where a period
  in `governance.platform_releases` would have other rows. The rows of a period begin with the column `week`, its Monday.
-#}

{#-
  The weeks to release now, as SQL of an array of Mondays: over for `release_delay_days`, all seven days built by a run of the graph
  (`governance.day_builds`), and not in the table already. A week that is not due is not computed at all.
-#}
{% macro weeks_to_release() -%}
    {%- set mondays = [] -%}
    {%- if execute -%}
        {%- set today = "toDate('" ~ var('release_today') ~ "')" if var('release_today') else "toDate(now('UTC'))" -%}
        {%- set built = run_query(
            'select toString(toMonday(local_date)) as week from governance.day_builds final group by week '
            ~ 'having uniqExact(local_date) = 7 and addDays(toDate(week), 7 + ' ~ var('release_delay_days') ~ ') <= ' ~ today
            ~ ' order by week'
        ) -%}
        {%- set released = released_weeks(this) -%}
        {%- for row in built.rows if row[0] not in released -%}{%- do mondays.append("'" ~ row[0] ~ "'") -%}{%- endfor -%}
    {%- endif -%}
    cast([{{ mondays | join(', ') }}] as Array(Date))
{%- endmacro %}

{% macro released_weeks(relation) %}
    {%- if not existing_columns(relation) -%}{{ return([]) }}{%- endif -%}
    {%- set found = run_query('select distinct toString(week) from ' ~ relation) -%}
    {{ return(found.rows | map(attribute=0) | list) }}
{% endmacro %}

{#- Before the exchange: what was released goes into the aside table as it is, and the whole of it is compared with the record. -#}
{% macro keep_released(relation, aside) %}
    {%- set present = existing_columns(relation) -%}
    {%- if present -%}
        {%- if present != existing_columns(aside) -%}
            {%- do exceptions.raise_compiler_error(
                relation ~ ' is released, and released rows never change: give the model with other columns another name, and leave this one.'
            ) -%}
        {%- endif -%}
        {%- do run_query('insert into ' ~ aside ~ ' select * from ' ~ relation) -%}
    {%- endif -%}
    {%- set changed = run_query(
        'select toString(recorded.period) from governance.platform_releases as recorded left join ('
        ~ week_checksums(aside) ~ ') as rebuilt on rebuilt.week = recorded.period '
        ~ "where recorded.model_name = '" ~ relation.identifier ~ "' and recorded.checksum != rebuilt.checksum order by 1"
    ) -%}
    {%- if changed.rows -%}
        {%- do exceptions.raise_compiler_error(
            relation ~ ' was released for the weeks ' ~ changed.rows | map(attribute=0) | join(', ') ~ ' with other rows than it would have now: '
            ~ 'restore the table from a backup. To release them anew is a decision: delete their rows from governance.platform_releases.'
        ) -%}
    {%- endif -%}
{% endmacro %}

{#- After the exchange: weeks that became visible are on record. What a crash left unrecorded is recorded by the next build, as it was shown. -#}
{% macro record_releases(relation) %}
    {%- do run_query(
        'insert into governance.platform_releases (model_name, period, released_at, rows, checksum) '
        ~ "select '" ~ relation.identifier ~ "', week, now64(3, 'UTC'), released_rows, checksum from (" ~ week_checksums(relation) ~ ') '
        ~ "where week not in (select period from governance.platform_releases where model_name = '" ~ relation.identifier ~ "')"
    ) -%}
{% endmacro %}

{% macro week_checksums(relation) -%}
    select week, count() as released_rows, lower(hex(SHA256(arrayStringConcat(arraySort(groupArray(toString(tuple(*)))), '\n')))) as checksum from {{ relation }} group by week
{%- endmacro %}
