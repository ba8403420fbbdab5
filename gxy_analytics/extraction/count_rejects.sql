select uniqExact(tenant_id, row_key)
from governance.extraction_rejects final
where source_table = {table:String}
