"""A published shared model in data spaces: its catalogue entry, what such an entry must have, and fetching by it."""
