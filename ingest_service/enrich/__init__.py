"""Enrichment: device, referrer, channel, bot and place of an event, from what is stored of it. No HTTP, no spool."""
