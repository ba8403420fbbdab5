"""snowplow-tracker from PyPI, as a shop's server uses it: makes the calls of a job and says what became of them."""

from __future__ import annotations

import logging
import time
from typing import Any

from job import Report, run
from snowplow_tracker import Emitter, PageView, SelfDescribing, SelfDescribingJson, Subject, Tracker


def work(job: dict[str, Any], report: Report) -> None:
    logging.disable(logging.CRITICAL)
    emitter = Emitter(
        job["url"],
        protocol="http",
        on_success=lambda events: report.add(delivered=len(events)),
        on_failure=lambda _, events: report.errors.append(str(len(events))),
        **{"batch_size": 5, "max_retry_delay_seconds": 1, "request_timeout": 5} | job["options"].get("emitter", {}),
    )
    subject = Subject().set_domain_user_id(job["visitor"]["anonymous_id"])
    subject.set_domain_session_id(job["visitor"]["session_id"])
    tracker = Tracker("shop", emitter, subject, app_id=job["key"], encode_base64=job["options"].get("encode_base64", True))
    for call in job["calls"]:
        tracker.track(event_of(call))
        time.sleep(job["pause_ms"] / 1000)
    tracker.flush()
    while report.delivered < len(job["calls"]) and (holds_events(emitter) or holds_events(emitter)):
        pass
    report.failed = len(job["calls"]) - report.delivered


def holds_events(emitter: Emitter) -> bool:
    """Whether the emitter keeps events for another try. Asked twice: between its timer and its lock it looks empty."""
    time.sleep(0.2)
    with emitter.lock:
        return bool(emitter.event_store.size() or emitter.retry_timer.is_active())


def event_of(call: dict[str, Any]) -> PageView | SelfDescribing:
    """The tracker's own object for a call."""
    if call["call"] == "page":
        return PageView(page_url=call["url"], page_title=call["title"], referrer=call["referrer"])
    entities = [SelfDescribingJson(entity["schema"], entity["data"]) for entity in call["entities"]]
    return SelfDescribing(SelfDescribingJson(call["schema"], call["data"]), context=entities)


if __name__ == "__main__":
    run(work)
