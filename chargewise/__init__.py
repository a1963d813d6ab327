"""The front door: the `chargewise` command and its settings."""
