select count()
from governance.extraction_rejects final
where source_table = {table:String} and extracted_at < {extracted_at:DateTime64(3, 'UTC')}
