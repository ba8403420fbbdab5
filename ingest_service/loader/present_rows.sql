-- Places of a batch's rows: its loaded_at finds the few granules that can hold them.
select ingest_offset * 1048576 + ingest_index as place
from raw.events
where loaded_at = fromUnixTimestamp64Milli({loaded_ms:Int64}, 'UTC')
    and ingest_node = {slot:String}
    and ingest_segment = {segment:UInt64}
    and ingest_offset between {first:UInt64} and {last:UInt64}
