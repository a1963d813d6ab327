"""Names of files in a coordinator's folder, for all who look into it."""

LEDGER = "ledger.jsonl"
DOOR = "operator.json"
"""Where the coordinator that runs tells its operator how to reach it."""
