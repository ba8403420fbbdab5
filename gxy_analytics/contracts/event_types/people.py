"""Event types of who somebody is: they feed the identity graph. What is told of a person goes to the vault, or nowhere."""

from __future__ import annotations

from gxy_analytics.contracts.event_types.event_type import EventType

PEOPLE = (
    EventType(
        "identify",
        1,
        "From here on the visitor is this customer.",
        required=("user_id|anonymous_id",),
        optional=("traits",),
    ),
    EventType(
        "alias",
        1,
        "Two ids are one person: what was `previous_id` is now `user_id`.",
        required=("previous_id", "user_id|anonymous_id"),
    ),
    EventType(
        "group",
        1,
        "The customer belongs to a group, such as a company.",
        required=("group_id",),
        optional=("traits",),
    ),
)
