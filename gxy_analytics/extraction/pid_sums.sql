-- The counterpart of pidsets._source_sums: live pseudonyms by bucket, how many, and the exclusive or of bytes 8 to 15 of each.
select
    substring($pid, 1, {digits:UInt8}) as bucket,
    count() as row_count,
    groupBitXor(reinterpretAsUInt64(unhex(substring($pid, 17, 16)))) as word
from $target final
where not is_deleted
group by bucket
