"""Snowplow's tracker protocol at the door: POST of payload_data (tp2) and the pixel. What fields mean: see the loader."""
