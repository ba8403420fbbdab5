select distinct toInt64OrZero(row_key) as row_number
from governance.extraction_rejects final
where source_table = {table:String} and extracted_at < {extracted_at:DateTime64(3, 'UTC')} and row_number > {after:Int64}
order by row_number
limit {chunk:UInt32}
