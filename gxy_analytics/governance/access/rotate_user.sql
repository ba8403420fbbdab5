-- A later version than the last one, also within the same millisecond.
insert into governance.access_users (user_name, generation, changed_at)
select
    {user_name:String},
    greatest(max(generation), 1) + 1,
    greatest(now64(3), max(changed_at) + toIntervalMillisecond(1))
from governance.access_users
where user_name = {user_name:String}
