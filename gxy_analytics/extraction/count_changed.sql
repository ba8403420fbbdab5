select
    count() as changed,
    countIf(is_deleted) as deleted
from changed
