"""Snowplow's parameters and plain events, and the columns that they land in: from the documentation, not from the code."""

from __future__ import annotations

from decimal import Decimal

from snowplow_wire import NOW_MS, SNOWPLOW, Case, contexts, plain, self_describing, told, uri

EVENT_CASES = [
    Case(
        "every common parameter",
        plain(
            dtm=str(NOW_MS - 1000),
            ttm=str(NOW_MS - 2000),
            aid="shop-app",
            uid="u-17",
            tnuid="network-2",
            nuid="network-1",
            sid="session-1",
            vid="4",
            tna="sp",
            url="https://shop.example/p/1?utm_source=news&utm_medium=email&utm_campaign=fall&gclid=abc#x",
            page="Tee",
            refr="https://www.google.com/search?q=tee",
            lang="en-US",
            tz="Europe/Berlin",
            res="1920x1080",
            vp="1024x768",
            ds="1024x3000",
            cd="24",
            cs="UTF-8",
            cookie="1",
        ),
        {
            "name": "page_viewed",
            "protocol": "snowplow",
            "app_id": "shop-app",
            "anonymous_id": "visitor",
            "network_id": "network-2",
            "session_id": "session-1",
            "session_index": 4,
            "tracker_version": "js-4.10.1",
            "tracker_namespace": "sp",
            "platform": "web",
            "page_url": "https://shop.example/p/1",
            "page_host": "shop.example",
            "page_path": "/p/1",
            "page_title": "Tee",
            "page_referrer": "https://www.google.com/search",
            "campaign_source": "news",
            "campaign_medium": "email",
            "campaign_name": "fall",
            "click_ids": {"gclid": "abc"},
            "locale": "en-US",
            "client_timezone": "Europe/Berlin",
            "screen": "1920x1080",
            "viewport": "1024x768",
            "document_size": "1024x3000",
            "time_source": "true",
            "toUnixTimestamp64Milli(created_at)": NOW_MS - 1000,
            "toUnixTimestamp64Milli(assumeNotNull(true_at))": NOW_MS - 2000,
            "customer_pid != ''": 1,
        },
        {"cd": "24", "cs": "UTF-8", "cookie": "1"},
    ),
    Case(
        "parameters of old plugins stay in properties",
        plain(
            f_pdf="1", f_qt="0", f_realp="0", f_wma="0", f_dir="0", f_fla="0", f_java="0", f_gears="0", f_ag="0", tid="5", evn="v"
        ),
        {"name": "page_viewed"},
        dict.fromkeys(("f_qt", "f_realp", "f_wma", "f_dir", "f_fla", "f_java", "f_gears", "f_ag"), "0")
        | {"f_pdf": "1", "tid": "5", "evn": "v"},
    ),
    Case("a fingerprint and a hardware address are nowhere", plain(fp="123", mac="00:11"), {}, {}, ["personal_data_removed"]),
    Case("network id of the collector's cookie", plain(nuid="network-1"), {"network_id": "network-1"}),
    Case(
        "a page ping",
        plain("pp", url="https://shop.example/", pp_mix="0", pp_max="12", pp_miy="100", pp_may="900"),
        {
            "name": "page_ping",
            "engaged_ms": 10_000,
            "scroll_min_x": 0,
            "scroll_max_x": 12,
            "scroll_min_y": 100,
            "scroll_max_y": 900,
        },
    ),
    Case(
        "a page ping that says its time",
        plain("pp", url="https://shop.example/", **contexts(told("com.gxy", "engagement", {"engaged_ms": 4200}))),
        {"name": "page_ping", "engaged_ms": 4200},
    ),
    Case(
        "a structured event",
        plain("se", se_ca="shop", se_ac="zoom", se_la="image", se_pr="front", se_va="2.5"),
        {"name": "custom:struct_event"},
        {"category": "shop", "action": "zoom", "label": "image", "property": "front", "value": "2.5"},
    ),
    Case(
        "a structured event under its old name",
        plain("ev", ev_ca="shop", ev_ac="zoom", ev_la="image", ev_pr="front", ev_va="2"),
        {"name": "custom:struct_event"},
        {"category": "shop", "action": "zoom", "label": "image", "property": "front", "value": "2"},
    ),
    Case(
        "a legacy transaction",
        plain(
            "tr",
            tr_id="O1",
            tr_af="web",
            tr_tt="19.99",
            tr_tx="3.19",
            tr_sh="4.90",
            tr_cu="EUR",
            tr_ci="Musterstadt",
            tr_st="BE",
            tr_co="DE",
        ),
        {
            "name": "order_completed",
            "order_id": "O1",
            "affiliation": "web",
            "order_value": Decimal("19.99"),
            "order_tax": Decimal("3.19"),
            "order_shipping": Decimal("4.9"),
            "currency": "EUR",
        },
        {"country": "DE"},
        ["personal_data_removed"],
    ),
    Case(
        "a legacy item alone",
        plain("ti", ti_id="O9", ti_sk="SKU9", ti_nm="Tee", ti_ca="Men", ti_pr="9.99", ti_qu="3", ti_cu="EUR"),
        {
            "name": "custom:transaction_item",
            "order_id": "O9",
            "items.product_id": ["SKU9"],
            "items.name": ["Tee"],
            "items.category": ["Men"],
            "items.price": [Decimal("9.99")],
            "items.quantity": [3],
            "items.currency": ["EUR"],
        },
    ),
    Case("a legacy item's other name", plain("ti", ti_id="O8", ti_sk="SKU8", ti_na="Tee"), {"items.name": ["Tee"]}),
    Case(
        "an old ad impression",
        plain("ad", ad_ba="banner", ad_ca="campaign", ad_ad="advertiser", ad_uid="u"),
        {"name": "custom:ad_impression"},
        {"ad_ba": "banner", "ad_ca": "campaign", "ad_ad": "advertiser", "ad_uid": "u"},
    ),
    Case("an unknown type of event", plain("xx"), {"name": "custom:xx"}, {}, ["unknown_event"]),
    Case(
        "a link",
        self_describing(
            told(
                SNOWPLOW,
                "link_click",
                {
                    "targetUrl": "https://other.example/a?token=1",
                    "elementId": "footer",
                    "elementClasses": ["a", "b"],
                    "elementTarget": "_blank",
                    "elementContent": "more",
                },
                "1-0-1",
            )
        ),
        {
            "name": "link_clicked",
            "link_url": "https://other.example/a",
            "element_id": "footer",
            "schema_ref": uri(SNOWPLOW, "link_click", "1-0-1"),
        },
        {"elementClasses": ["a", "b"], "elementTarget": "_blank", "elementContent": "more"},
    ),
    Case(
        "a search",
        self_describing(
            told(
                SNOWPLOW,
                "site_search",
                {"terms": ["blue", "tee"], "filters": {"size": "M", "sale": True}, "totalResults": 42, "pageResults": 24},
            )
        ),
        {
            "name": "search_performed",
            "search_query": "blue tee",
            "search_filters": {"size": "M", "sale": "true"},
            "search_result_count": 42,
            "search_page_results": 24,
        },
    ),
    Case(
        "a shop's own event, with an entity of its own",
        self_describing(
            told("example.shop", "size_guide", {"opened": True, "price": 1.50}, "2-0-1"),
            told("example.shop", "fitting", {"room": 3}),
        ),
        {"name": "custom:size_guide", "schema_ref": uri("example.shop", "size_guide", "2-0-1")},
        {"opened": True, "price": 1.5, "entities": [told("example.shop", "fitting", {"room": 3})]},
    ),
    Case(
        "consent, as the consent plugin says it",
        self_describing(
            told(
                SNOWPLOW,
                "consent_preferences",
                {"eventType": "allow_selected", "basisForProcessing": "consent", "consentScopes": ["analytics", "ads"]},
            )
        ),
        {"name": "custom:consent_preferences", "consent": {"analytics": True, "ads": True}},
        {"eventType": "allow_selected", "basisForProcessing": "consent", "consentScopes": ["analytics", "ads"]},
    ),
]
