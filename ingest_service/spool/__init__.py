"""The spool: where a request is durable before it is answered. It knows bytes and files, not events, tenants or HTTP.

Layout: `<spool_dir>/<node>-<slot>/<8-digit>.seg`, a `lock` (flock of the worker that owns the slot) and a
`committed` mark beside them. Deleting loaded segments belongs to the loader.
"""
