"""Snowplow's tracker protocol in the loader: parameters, self-describing JSON and entities into canonical events."""
