"""The registry of event types: what each canonical name means and carries. An event's shape belongs to `contracts.events`."""
