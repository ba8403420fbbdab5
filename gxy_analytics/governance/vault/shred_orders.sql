alter table pii.orders update wrapped_key = '', ciphertext = ''
where tenant_id = {tenant_id:String} and customer_pid in {pids:Array(String)} and wrapped_key != ''
