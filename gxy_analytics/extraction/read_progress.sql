select
    watermark,
    extracted_at
from governance.watermarks
where source_table = {table:String}
order by extracted_at desc
limit 1
