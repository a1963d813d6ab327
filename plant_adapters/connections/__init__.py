"""Sources of heats that are read on and on: folders, databases, and what others add by an entry point."""
