-- Another answer than before: something may have changed. A merge changes it too, which costs a reading and nothing else.
select
    count() as rows,
    toUnixTimestamp64Milli(max(changed_at)) as changed_ms
from governance.suppressions
