select
    origins,
    events_per_second,
    events_burst,
    bytes_per_second,
    bytes_burst,
    ip,
    is_cookieless,
    honours_gpc,
    honours_dnt,
    url_parameters,
    consent_required
from governance.ingest_policies final
where tenant_id = {tenant_id:String}
