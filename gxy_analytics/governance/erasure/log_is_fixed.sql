-- Whether this user's profile says that every query is logged.
select readonly
from system.settings
where name = 'log_queries'
