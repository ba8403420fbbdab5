-- The same version as the row it replaces: a letter that was refused again in the meantime has a newer one and stays open.
insert into raw.events_rejected
select letter.* replace (now64(3, 'UTC') as replayed_at)
from
(
    select *
    from raw.events_rejected final
    where received_at between fromUnixTimestamp64Milli({first_ms:Int64}, 'UTC') and fromUnixTimestamp64Milli({last_ms:Int64}, 'UTC')
        and rejected_id in ({ids:Array(String)})
        and replayed_at is null
        and loaded_at < fromUnixTimestamp64Milli({asked_ms:Int64}, 'UTC')
) as letter
