-- The vault's newest customers, as many as are decrypted in one scan.
select tenant_id, customer_pid, wrapped_key, ciphertext
from pii.customers final
where wrapped_key != ''
order by changed_at desc
limit {people:UInt32}
