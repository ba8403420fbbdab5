select batch_id
from governance.ingest_ledger
where batch_id = {batch_id:String}
limit 1
