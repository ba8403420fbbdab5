-- In all active parts: a row that a newer one replaced still has its own key.
select
    (select count() from pii.customers where wrapped_key != '') + (select count() from pii.orders where wrapped_key != '') as before
