-- Whether the backend, the vault or an event ever named the customer.
select (
    exists (select 1 from raw.oltp_customers where tenant_id = {tenant_id:String} and customer_pid = {customer_pid:String})
    or exists (select 1 from pii.customers where tenant_id = {tenant_id:String} and customer_pid = {customer_pid:String})
    or exists (select 1 from raw.events where tenant_id = {tenant_id:String} and customer_pid = {customer_pid:String})
)
