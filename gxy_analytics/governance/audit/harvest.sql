-- What system.query_log knows, as acts. No text of a query leaves here: literals are personal data. Statements are told by kind,
-- normalized hash and the tables that they needed a privilege for, which also tells what merge() and mergeTreeIndex() read.
insert into governance.audit_entries
(entry_id, occurred_at, actor, program, origin, action, tenant_id, subject, reason, rows, details)
with
    statements as (
        select
            query_id,
            event_time_microseconds as finished_at,
            user,
            query_kind as kind,
            exception_code as code,
            read_rows,
            result_rows,
            written_rows,
            normalized_query_hash as query_hash,
            type = 'ExceptionBeforeStart' as is_unstarted,
            -- Set by the client: only what looks like one of our own purposes is kept.
            extract(JSONExtractString(log_comment, 'gxy'), '^[a-z][a-z -]{0,40}$') as purpose,
            if(startsWith(user, 'tenant_'), substring(user, 8), '') as tenant_id,
            user in {service_users:Array(String)}
            or (user = 'gxy_eraser' and purpose in {routines:Array(String)})
            or (purpose != '' and tenant_id = '' and user not in {staff_users:Array(String)}) as is_service,
            -- The /48 of an IPv6 address, the /24 of an IPv4 one.
            replaceOne(cutIPv6(address, 10, 1), '::ffff:', '') as network,
            used_privileges as privileges,
            arraySort(arrayDistinct(arrayFilter(
                name -> name not like 'system.%' or match(name, '^system\\.([a-z_]+_log|\\*)$'),
                arrayMap(
                    privilege -> extract(privilege, ' ON (.*)$'),
                    arrayFilter(privilege -> match(privilege, '^(SELECT|dictGet)'), privileges)
                )
            ))) as sources,
            arraySort(arrayDistinct(arrayFilter(
                name -> name not like 'system.%' or match(name, '^system\\.([a-z_]+_log|\\*)$'),
                arrayMap(
                    privilege -> extract(privilege, ' ON (.*)$'),
                    arrayFilter(privilege -> match(privilege, '^(INSERT|ALTER|CREATE|DROP|TRUNCATE|OPTIMIZE|BACKUP)'), privileges)
                )
            ))) as targets,
            kind in ('Grant', 'Revoke')
            or arrayExists(
                privilege -> match(
                    privilege, '^((CREATE|ALTER|DROP) (USER|ROLE|ROW POLICY|QUOTA|SETTINGS PROFILE|MASKING POLICY)|ROLE ADMIN)'
                ),
                privileges
            ) as is_access,
            arrayExists(
                privilege -> match(
                    privilege,
                    '^(ALTER|DROP|TRUNCATE|INSERT).* ON (governance\\.(audit|audit_harvests)|system\\.query_log(_\\d+)?)$'
                )
                or match(privilege, '^(ALTER|DROP|TRUNCATE).* ON governance\\.audit_entries$'),
                privileges
            ) as is_trail,
            arrayExists(privilege -> match(privilege, '^(SELECT|ALTER|DROP|TRUNCATE|BACKUP).* ON pii\\.'), privileges) as is_vault,
            -- Without names of columns: a function such as merge() asked for the whole table.
            arrayExists(
                privilege -> match(privilege, '^(SELECT( ON|.*(ciphertext|wrapped_key).* ON)|BACKUP ON) pii\\.'), privileges
            ) as is_sealed_read,
            -- Not notEmpty(), which reads a subcolumn that a grant of the column does not cover.
            code = 497 or missing_privileges != [] as is_refused,
            kind = 'Backup'
            or (kind = 'Insert' and arrayExists(name -> name not in ('null', 'values', 'input'), used_table_functions)
                and notEmpty(sources)) as is_export
        from system.query_log
        where
            event_date between toDate({from:DateTime('UTC')}) - 1 and toDate({until:DateTime('UTC')}) + 1
            and event_time_microseconds >= {from:DateTime('UTC')}
            and event_time_microseconds < {until:DateTime('UTC')}
            and type != 'QueryStart'
            -- Also what its client calls part of another query: that is only what the client says.
            and not is_internal
    ),

    named as (
        select
            *,
            multiIf(
                is_refused, 'access.refused',
                is_access, 'access.changed',
                is_trail, 'trail.touched',
                is_vault, 'vault.query',
                is_export, 'data.exported',
                -- A query that did not begin gave nothing away.
                is_unstarted, '',
                is_service and (notEmpty(sources) or notEmpty(targets)), 'service.queries',
                notEmpty(targets), 'data.changed',
                notEmpty(sources), 'data.read',
                ''
            ) as action,
            action in ('access.changed', 'trail.touched', 'vault.query', 'data.exported') as is_single,
            -- One by one, by a quarter of an hour, or by the hour.
            multiIf(
                -- A client chooses its query_id, and may choose one twice.
                is_single, concat(query_id, ' ', toString(finished_at)),
                action = 'service.queries', toString(toStartOfHour(finished_at, 'UTC')),
                toString(toStartOfInterval(finished_at, interval 15 minute, 'UTC'))
            ) as slot,
            if(action = 'service.queries', '', kind) as told_kind,
            if(action = 'service.queries', [], arrayDistinct(arrayConcat(sources, targets))) as told_tables
        from statements
        where action != ''
    )

select
    reinterpretAsUUID(substring(SHA256(toJSONString((action, user, purpose, told_kind, told_tables, slot))), 1, 16)) as entry_id,
    max(finished_at) as occurred_at,
    user as actor,
    if(purpose = '', 'warehouse', purpose) as program,
    arrayStringConcat(arraySort(groupUniqArray(5)(network)), ', ') as origin,
    action,
    any(named.tenant_id) as tenant_id,
    '' as subject,
    '' as reason,
    sum(result_rows) as rows,
    toJSONString(mapFilter(
        (name, value) -> value != '',
        map(
            'failed', if(countIf(code != 0) = 0, '', toString(countIf(code != 0))),
            'hashes', arrayStringConcat(arraySort(groupUniqArray(20)(concat('h', lower(hex(query_hash))))), ' '),
            'kind', arrayStringConcat(arraySort(groupUniqArray(20)(kind)), ' '),
            'queries', toString(count()),
            'read_rows', toString(sum(read_rows)),
            'sealed_values', if(action = 'vault.query', if(max(is_sealed_read), 'read', 'not read'), ''),
            'slot', if(is_single, '', slot),
            'tables', arrayStringConcat(arraySlice(arraySort(groupUniqArrayArray(100)(arrayConcat(sources, targets))), 1, 100), ' '),
            'written_rows', if(sum(written_rows) = 0, '', toString(sum(written_rows)))
        )
    )) as details
from named
group by action, user, purpose, told_kind, told_tables, slot, is_single
