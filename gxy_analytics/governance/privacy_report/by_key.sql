subject in (select id from customers)
