select max(sequence)
from governance.audit
where sequence < (
    select if(count() = 0, 0, min(sequence)) from governance.audit where sealed_at >= {before:DateTime64(6)}
)
