"""What a stack asks of its Dagster web server over GraphQL: did the definitions load, and which runs did a crash orphan.

Launching and watching runs belongs to the graph's own commands.
"""

from __future__ import annotations

import json
from typing import Any
from urllib.request import Request, urlopen

TIMEOUT_SECONDS = 60.0

LOCATIONS = """
{ workspaceOrError { __typename
    ... on PythonError { message }
    ... on Workspace { locationEntries { name locationOrLoadError { __typename ... on PythonError { message } } } } } }
"""
UNFINISHED = """
query unfinished($before: Float!) {
  runsOrError(filter: {createdBefore: $before, statuses: [STARTING, STARTED, CANCELING]}) {
    __typename ... on Runs { results { runId } } } }
"""
CANCEL = """
mutation cancel($ids: [String!]!) {
  terminateRuns(runIds: $ids, terminatePolicy: MARK_AS_CANCELED_IMMEDIATELY) { __typename } }
"""
HEARTBEATS = "{ instance { daemonHealth { allDaemonStatuses { lastHeartbeatTime } } } }"


def ask(dagster_url: str, query: str, **variables: Any) -> dict[str, Any]:
    """Return the `data` of a GraphQL answer. Raises URLError or OSError when the web server does not answer."""
    body = json.dumps({"query": query, "variables": variables}).encode()
    request = Request(f"{dagster_url}/graphql", data=body, headers={"Content-Type": "application/json"})  # noqa: S310
    with urlopen(request, timeout=TIMEOUT_SECONDS) as response:  # noqa: S310
        return dict(json.load(response)["data"])


def definition_errors(dagster_url: str) -> list[str]:
    """Return one line for each code location that did not load; empty when all is well."""
    workspace = ask(dagster_url, LOCATIONS)["workspaceOrError"]
    if "locationEntries" not in workspace:
        return [_first_line(workspace.get("message", workspace["__typename"]))]
    failed = []
    for entry in workspace["locationEntries"]:
        found = entry["locationOrLoadError"] or {"__typename": "still loading"}
        if found["__typename"] == "PythonError":
            failed.append(f"{entry['name']}: {_first_line(found['message'])}")
    return failed


def cancel_orphans(dagster_url: str, before: float) -> int:
    """Mark runs of an earlier life of the stack, created before that instant (seconds since the epoch), as cancelled.

    Their processes ended with that stack, but they would hold their places in the queue for ever. Returns how many.
    """
    found = ask(dagster_url, UNFINISHED, before=before)["runsOrError"]
    ids = [run["runId"] for run in found.get("results", [])]
    if ids:
        ask(dagster_url, CANCEL, ids=ids)
    return len(ids)


def last_heartbeat(dagster_url: str) -> float:
    """When a daemon last said that it lives, in seconds since the epoch; 0 for never, or when nobody can be asked."""
    try:
        statuses = ask(dagster_url, HEARTBEATS)["instance"]["daemonHealth"]["allDaemonStatuses"]
    except OSError:
        return 0.0
    return max((status["lastHeartbeatTime"] or 0.0 for status in statuses), default=0.0)


def _first_line(message: str) -> str:
    return message.strip().split("\n", 1)[0]
