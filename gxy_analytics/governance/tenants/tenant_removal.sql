-- How many removals of the slug forbid adding it, by kind.
select
    if(state = 'removed', 'removed', 'open') as kind,
    count() as removals
from governance.tenant_removals final
where tenant_id = {tenant_id:String} and state not in ('cancelled', 'readmitted')
group by kind
