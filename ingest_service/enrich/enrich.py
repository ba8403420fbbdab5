"""The enrichment columns of a batch, from its other columns: every rule runs once a distinct value, and the answers are spread.

The rules are in the modules beside this one; which row is stored where belongs to `loader.assemble`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from ingest_service.enrich.bots import HINT_HEADERS, RATE, Crawlers, Hints, agent_reasons, header_reasons, is_server, too_fast
from ingest_service.enrich.channels import CLICK_IDS, Channels
from ingest_service.enrich.distinct import Book, Distinct, texts_of
from ingest_service.enrich.geo import Geo
from ingest_service.enrich.hosts import KnownHosts
from ingest_service.enrich.referrers import Referrer, Referrers
from ingest_service.enrich.sources import Sources
from ingest_service.enrich.user_agents import Agent, UserAgents, device_of_platform
from ingest_service.loader.arrays import texts

Columns = dict[str, pa.Array]
# Distinct answers, and for each row the position of its own.
Agents = tuple[list[tuple[tuple[str, ...], bool]], pa.Array]  # (reasons, whether a server sent it)
Origins = tuple[list[Referrer], pa.Array]
STRINGS = pa.list_(pa.string())
BOT, OTHER = "bot", "other"
AGENT_COLUMNS = ("browser_name", "browser_version", "os_name", "os_version", "device_class")
REFERRER_COLUMNS = ("referrer_medium", "referrer_source", "referrer_term")
GEO_COLUMNS = ("country", "region", "city")
CLICK_ID_NAMES = list(CLICK_IDS)
MAX_KEY_CHARS = 2048  # of a value that is a cache's key


class Enrichment:
    """The rules with their lists, and caches of what they answered lately. One a process; making it takes 0.2 s.

    `geo_database` is GXY_GEO_DATABASE. Raises geo.GeoDatabaseError when it cannot be read.
    """

    def __init__(self, geo_database: Path | None = None) -> None:
        agents, crawlers, hosts = _lists()
        referrers, channels = Referrers(hosts), Channels(Sources(hosts))
        self.geo = Geo(geo_database)
        self.agents: Book[str, Agent] = Book(agents.read)
        self.crawlers: Book[str, str] = Book(crawlers.reason)
        self.referrers: Book[tuple[str, str], Referrer] = Book(lambda pair: referrers.read(*pair))
        self.heads: Book[str, tuple[str, tuple[str, ...]]] = Book(_read_head)
        self.channels: Book[tuple[tuple[str, str, str], str, Referrer], str] = Book(lambda touch: channels.name(*touch))

    def agent(self, user_agent: str, platform: str, tracker: str) -> tuple[Agent, tuple[str, ...]]:
        """Browser, system and device class, and the reasons to take it for a bot. A bot's device class is `bot`."""
        text = user_agent[:MAX_KEY_CHARS]
        agent = self.agents[text]
        reasons = agent_reasons(self.crawlers[text], platform, tracker)
        if reasons:
            return agent._replace(device_class=BOT), reasons
        if agent.device_class in ("", OTHER):
            return agent._replace(device_class=device_of_platform(platform) or agent.device_class), ()
        return agent, ()

    def referrer(self, referrer: str, page_host: str) -> Referrer:
        """Medium, source and search term."""
        return self.referrers[referrer[:MAX_KEY_CHARS], page_host]

    def channel(self, campaign: Sequence[str], click_id: str, referrer: Referrer) -> str:
        """The channel. `campaign` is (source, medium, name), `click_id` the name of one, or empty."""
        source, medium, label = campaign
        return self.channels[(source[:MAX_KEY_CHARS], medium[:MAX_KEY_CHARS], label[:MAX_KEY_CHARS]), click_id, referrer]


@cache
def _lists() -> tuple[UserAgents, Crawlers, KnownHosts]:
    """The compiled lists, shared in a process: they never change in it."""
    return UserAgents(), Crawlers(), KnownHosts()


@dataclass(slots=True)
class Requests:
    """What the batch's requests say of their events: `headers[owner[i]]` are the kept headers of row `i`, by lower-case name."""

    headers: Sequence[Mapping[str, str]]
    owner: pa.Array


def enrich(rows: Mapping[str, pa.Array], referrers: pa.Array, requests: Requests, rules: Enrichment) -> Columns:
    """The enrichment columns of a batch.

    `rows` holds the batch's other columns of raw.events; absent ones are empty. `referrers` are the pages' referrers as sent,
    with their query: it holds the search term and is not stored. By the same rules and geo file, the same batch gives the same.
    Places are left out where no geo database is configured.
    """
    rules.geo.refresh()
    agents, devices = device_columns(rows, rules)
    origins, origin_columns = referrer_columns(rows, referrers, rules)
    return {
        **devices,
        **origin_columns,
        "channel": channel_column(rows, origins, rules),
        **place_columns(rows, rules),
        **bot_columns(rows, agents, requests, rules),
    }


def _text(rows: Mapping[str, pa.Array], name: str) -> pa.Array:
    found = rows.get(name)
    return found if found is not None else pa.repeat(pa.scalar(""), len(rows["tenant_id"]))


def device_columns(rows: Mapping[str, pa.Array], rules: Enrichment) -> tuple[Agents, Columns]:
    """Browser, system and device class; and for each row what its user agent says of bots."""
    seen = Distinct(_text(rows, "user_agent"), _text(rows, "platform"), _text(rows, "tracker_version"))
    found = [rules.agent(*one) for one in seen.values]
    said = [(reasons, is_server(*one[1:])) for one, (_, reasons) in zip(seen.values, found, strict=True)]
    return seen.classes(said), texts_of(seen, [agent for agent, _ in found], AGENT_COLUMNS)


def referrer_columns(rows: Mapping[str, pa.Array], referrers: pa.Array, rules: Enrichment) -> tuple[Origins, Columns]:
    """Medium, source and search term; and for each row its referrer without the term."""
    seen = Distinct(referrers, _text(rows, "page_host"))
    found = [rules.referrer(*pair) for pair in seen.values]
    return seen.classes(referrer._replace(term="") for referrer in found), texts_of(seen, found, REFERRER_COLUMNS)


def place_columns(rows: Mapping[str, pa.Array], rules: Enrichment) -> Columns:
    """Country, region and city; none without a database."""
    if not rules.geo.is_configured:
        return {}
    places = Distinct(_text(rows, "ip_truncated"))
    return texts_of(places, [rules.geo.places[address] for (address,) in places.values], GEO_COLUMNS)


def channel_column(rows: Mapping[str, pa.Array], origins: Origins, rules: Enrichment) -> pa.Array:
    """The channel."""
    referrers, referrer_at = origins
    campaign = (_text(rows, f"campaign_{part}") for part in ("source", "medium", "name"))
    touches = Distinct(referrer_at, _click_ids(rows), *campaign)
    names = [rules.channel(parts, click_id, referrers[at]) for at, click_id, *parts in touches.values]
    return touches.spread(names, pa.string())


def _click_ids(rows: Mapping[str, pa.Array]) -> pa.Array:
    """The name of each row's first click id, in the order of CLICK_IDS; empty for none."""
    ids = rows.get("click_ids")
    names: list[str] = [""] * len(rows["tenant_id"])
    if ids is None or not len(ids.keys):
        return pa.array(names)
    keys = pa.ListArray.from_arrays(ids.offsets, ids.keys)
    known = pc.index_in(pc.list_flatten(keys), pa.array(CLICK_ID_NAMES))
    best: dict[int, int] = {}
    for row, rank in zip(pc.list_parent_indices(keys).to_pylist(), known.to_pylist(), strict=True):
        if rank is not None and rank < best.get(row, len(CLICK_ID_NAMES)):
            best[row] = rank
    for row, rank in best.items():
        names[row] = CLICK_ID_NAMES[rank]
    return pa.array(names)


def bot_columns(rows: Mapping[str, pa.Array], agents: Agents, requests: Requests, rules: Enrichment) -> Columns:
    """is_bot and bot_reasons. Headers count where the request's user agent is the event's own, and never for server libraries."""
    heads = Distinct(texts([_head(headers) for headers in requests.headers]))
    found = [rules.heads[head] for (head,) in heads.values]
    by_head, head_at = heads.classes(said for _, said in found)
    header_agents = heads.spread([user_agent for user_agent, _ in found], pa.string()).take(requests.owner)
    is_own = pc.equal(_text(rows, "user_agent"), header_agents)
    fast = too_fast(rows["tenant_id"], _text(rows, "anonymous_id"), rows["event_time"])
    by_agent, agent_at = agents
    seen = Distinct(agent_at, head_at.take(requests.owner), is_own, fast)
    reasons = []
    for agent, head, counts_head, is_fast in seen.values:
        said, from_server = by_agent[agent]
        noticed = () if from_server else (by_head[head] if counts_head else ()) + (RATE,) * is_fast
        reasons.append(said + noticed)
    return {
        "is_bot": seen.spread([bool(own) for own in reasons], pa.bool_()),
        "bot_reasons": seen.spread(reasons, STRINGS),
    }


_SEPARATOR = "\x1f"  # no header holds one


def _head(headers: Mapping[str, str]) -> str:
    """The looked-at headers of a request as one text: a single column makes distinct requests cheap."""
    return _SEPARATOR.join([headers.get(name, "") for name in HINT_HEADERS]) if headers else ""


def _read_head(head: str) -> tuple[str, tuple[str, ...]]:
    """The user agent of such a text, and what its headers say."""
    if not head:
        return "", ()
    hints = Hints(*(value or None for value in head.split(_SEPARATOR, len(HINT_HEADERS) - 1)))
    return hints.user_agent or "", header_reasons(hints)
