insert into governance.watermarks (source_table, watermark, rows_read, rows_changed, extracted_at)
select
    {table:String},
    {watermark:DateTime64(6, 'UTC')},
    {rows_read:UInt64},
    {rows_changed:UInt64},
    now64(3, 'UTC')
