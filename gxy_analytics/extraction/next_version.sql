-- Text, so that no precision is lost on the way through the client.
select toString(max(extracted_at) + toIntervalMillisecond(1))
from $target
