"""Parameters of the tracker protocol by their place in the event. Those that hold JSON are read by `events` and `entities`.

Of two that fill one field the first of the table counts. Source: Snowplow's tracker protocol; docs/reference/snowplow.md.
"""

from __future__ import annotations

from ingest_service.loader.snowplow.readers import anything, count, identity, instant, key, money
from ingest_service.loader.snowplow.sketch import PERSONAL, UNUSED, Rule, kept

IDENTITIES = ("duid", "uid", "nuid", "tnuid")  # unused when the tracker asked for nobody to be recognised

COMMON: dict[str, Rule] = {
    "dtm": Rule("event", "time", instant),
    "ttm": Rule("event", "true_time", instant),
    "aid": Rule("event", "app_id"),
    "duid": Rule("event", "anonymous_id", identity),
    "uid": Rule("event", "user_id", identity),
    "sid": Rule("event", "session_id"),
    "vid": Rule("event", "session_index", count),
    "tnuid": Rule("event", "network_id", identity),
    "nuid": Rule("event", "network_id", identity),
    "url": Rule("page", "url"),
    "page": Rule("page", "title"),
    "refr": Rule("page", "referrer"),
    "tna": Rule("client", "tracker_namespace"),
    "tv": Rule("client", "tracker_version"),
    "p": Rule("client", "platform"),
    "lang": Rule("client", "locale"),
    "tz": Rule("client", "timezone"),
    "res": Rule("client", "screen"),
    "vp": Rule("client", "viewport"),
    "ds": Rule("client", "document"),
    **kept("cd", "cs", "cookie"),
    **dict.fromkeys(("e", "eid", "stm", "ue_pr", "ue_px", "co", "cx", "ua", "ip"), UNUSED),
}
RARE: dict[str, Rule] = {
    **kept("tid", "evn", "f_pdf", "f_qt", "f_realp", "f_wma", "f_dir", "f_fla", "f_java", "f_gears", "f_ag"),
    **dict.fromkeys(("mac", "fp"), PERSONAL),
}
PAGE_PING: dict[str, Rule] = {
    "pp_mix": Rule("engagement", "scroll_min_x", count),
    "pp_max": Rule("engagement", "scroll_max_x", count),
    "pp_miy": Rule("engagement", "scroll_min_y", count),
    "pp_may": Rule("engagement", "scroll_max_y", count),
}
STRUCTURED: dict[str, Rule] = {
    f"{prefix}_{name}": Rule("properties", word, anything)
    for prefix in ("se", "ev")
    for name, word in {"ca": "category", "ac": "action", "la": "label", "pr": "property", "va": "value"}.items()
}
TRANSACTION: dict[str, Rule] = {
    "tr_id": Rule("order", "order_id", key),
    "tr_af": Rule("order", "affiliation"),
    "tr_tt": Rule("order", "value", money),
    "tr_tx": Rule("order", "tax", money),
    "tr_sh": Rule("order", "shipping", money),
    "tr_cu": Rule("order", "currency"),
    "tr_co": Rule("properties", "country", anything),
    "tr_ci": PERSONAL,
    "tr_st": PERSONAL,
}
TRANSACTION_ITEM: dict[str, Rule] = {
    "ti_id": Rule("order", "order_id", key),
    "ti_sk": Rule("item", "product_id", key),
    "ti_nm": Rule("item", "name"),
    "ti_na": Rule("item", "name"),
    "ti_ca": Rule("item", "category"),
    "ti_pr": Rule("item", "price", money),
    "ti_qu": Rule("item", "quantity", count),
    "ti_cu": Rule("item", "currency"),
}
AD_IMPRESSION: dict[str, Rule] = kept("ad_ba", "ad_ca", "ad_ad", "ad_uid")
