"""Flower's engine: the coordinator's doors, the plant's connection, and what is known of the pinned version."""
