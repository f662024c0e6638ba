"""Streams: how their shards are read, batched and processed."""
