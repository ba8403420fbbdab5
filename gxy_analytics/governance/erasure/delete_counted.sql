delete from $table where $rows and sipHash64(event_id) in {events:Array(UInt64)}
