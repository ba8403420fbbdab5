-- The same version as the row it replaces: of two of one version the later one stays. What was replayed in the meantime stays so.
insert into raw.events_rejected
select letter.* replace (
    staged.sealed as raw,
    '' as detail,
    cast(map(), 'Map(LowCardinality(String), String)') as headers,
    staged.seal_version as seal_version,
    staged.subjects as subjects
)
from raw.events_rejected as letter final
inner join staged on letter.tenant_id = staged.tenant_id and toString(letter.rejected_id) = staged.rejected_id
where letter.received_at in (select fromUnixTimestamp64Milli(received_ms, 'UTC') from staged)
    and letter.tenant_id in (select tenant_id from staged)
    and letter.seal_version = staged.of_version
