{#-
  The one place where numbers over tenants become fit to be shown: thresholds, complementary suppression, rounding.

  A cell is safe when it has at least `anonymous_min_tenants` tenants and `anonymous_min_customers` customers, and no tenant has more
  than `anonymous_max_share` of any of its measures. What is hidden must be as safe as what is shown, for a reader has its sum by
  subtraction: while the hidden cells of a period do not pass the thresholds together, the smallest shown one is hidden too.
  When a period is shown is in `anonymise_releases`, how a number is made coarse in `anonymise_rounding`.
-#}

{#-
  A query of the cells that may be shown, and one row a period that stands for all of them: cell ''.

  periods: SQL of an array of dates; each has its row, also where nothing was sold. contributions: name of a CTE with period, cell,
  tenant_id, customer_pid (empty: no customer) and the measures. Cell '' is the total and is contributed by the caller, since an order
  can be in two cells. measures: names of its columns; cells are small by the first. Returns period, cell, is_total, tenants, customers,
  every measure and <measure>_share of the total, suppressed_cells (in the total's row). What is hidden is null, or has no row.
-#}
{% macro anonymous_cells(periods, contributions, measures) -%}
select
    period,
    cell,
    is_total,
    if(is_shown, toNullable({{ at_least('cells.tenants') }}), null) as tenants,
    if(is_shown, toNullable({{ at_least('cells.customers') }}), null) as customers,
    {%- for measure in measures %}
    if(is_shown, toNullable({{ roughly('cells.' ~ measure) }}), null) as {{ measure }},
    if(is_shown and total_is_safe, {{ rough_share('cells.' ~ measure, 'total_' ~ measure) }}, null) as {{ measure }}_share,
    {%- endfor %}
    if(is_total, toNullable({{ at_most('hidden_cells') }}), null) as suppressed_cells
from (
    select
        *,
        countIf(not is_total and not is_shown) over (partition by period) as hidden_cells
    from (
        select
            *,
            cell = '' as is_total,
            is_safe and (is_total or place > last_hidden or not total_is_safe) as is_shown
        from (
            {{- judged_cells(periods, contributions, measures) | indent(8) }}
        )
    )
) as cells
where is_shown or is_total
{%- endmacro %}

{#- Every cell and total with its exact numbers, whether it passes by itself, and up to which place the others have to go with those that fail. -#}
{% macro judged_cells(periods, contributions, measures) %}
    with summed as (
        select
            period,
            cell,
            uniqExact(tenant_id) as tenants,
            uniqExactIfState((tenant_id, customer_pid), customer_pid != '') as customer_state,
            finalizeAggregation(customer_state) as customers,
            {%- for measure in measures %}
            sum(parts.{{ measure }}) as {{ measure }},
            sumMap(map(toString(tenant_id), abs(parts.{{ measure }}))) as {{ measure }}_by_tenant,
            {%- endfor %}
            {{ is_anonymous('tenants', 'customers', measures, '_by_tenant') }} as is_safe
        from {{ contributions }} as parts
        group by
            period,
            cell
    ),

    -- Place 0 fails by itself; the others are numbered from the smallest on.
    placed as (
        select
            *,
            if(is_safe, row_number() over (partition by period, is_safe order by {{ measures[0] }}, cell), 0) as place
        from summed
        where cell != ''
    ),

    pooled as (
        select
            period,
            place,
            uniqExactIfMerge(customer_state) over up_to_here as pool_customers,
            {%- for measure in measures %}
            sumMap({{ measure }}_by_tenant) over up_to_here as {{ measure }}_pool{{ ',' if not loop.last }}
            {%- endfor %}
        from placed
        window up_to_here as (partition by period order by place range between unbounded preceding and current row)
    ),

    judged_pools as (
        select
            period,
            place,
            {{ is_anonymous('length(mapKeys(' ~ measures[0] ~ '_pool))', 'pool_customers', measures, '_pool') }} as is_safe
        from pooled
    ),

    cuts as (
        select
            period,
            multiIf(countIf(place = 0) = 0, 0, countIf(is_safe) = 0, max(place), minIf(place, is_safe)) as last_hidden
        from judged_pools
        group by period
    ),

    every_cell as (
        select
            period,
            cell,
            place
        from placed
        union all
        select
            arrayJoin({{ periods }}) as period,
            '' as cell,
            0 as place
    )

    select
        every_cell.period as period,
        every_cell.cell as cell,
        every_cell.place as place,
        cuts.last_hidden as last_hidden,
        summed.tenants as tenants,
        summed.customers as customers,
        {%- for measure in measures %}
        summed.{{ measure }} as {{ measure }},
        sumIf(summed.{{ measure }}, every_cell.cell = '') over whole as total_{{ measure }},
        {%- endfor %}
        summed.is_safe as is_safe,
        maxIf(summed.is_safe, every_cell.cell = '') over whole as total_is_safe
    from every_cell
    left join summed
        on summed.period = every_cell.period
        and summed.cell = every_cell.cell
    left join cuts
        on cuts.period = every_cell.period
    window whole as (partition by every_cell.period)
{%- endmacro %}

{#- Whether a cell, or several together, passes the thresholds. `measures` with `suffix` name maps of tenant to amount. -#}
{% macro is_anonymous(tenants, customers, measures, suffix) -%}
    {{ tenants }} >= {{ var('anonymous_min_tenants') }}
            and {{ customers }} >= {{ var('anonymous_min_customers') }}
            {%- for measure in measures %}
            and toFloat64(arrayMax(mapValues({{ measure }}{{ suffix }})))
                <= {{ var('anonymous_max_share') }} * toFloat64(arraySum(mapValues({{ measure }}{{ suffix }})))
            {%- endfor %}
{%- endmacro %}
