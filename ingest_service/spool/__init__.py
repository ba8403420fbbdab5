"""The spool: where a request is durable before it is answered. It knows bytes and files, not events, tenants or HTTP.

Layout: `<spool_dir>/<node>-<slot>/<8-digit>.seg`; beside them a `lock` (flock of the worker that owns the slot), a `committed`
mark, `seal` (what the loader asks for) and `spare.new` (the next segment's file in the making). Deleting loaded segments belongs
to the loader.
"""
