"""Plants improve one surrogate together, on Flower; no heat leaves its plant."""

import os

# Flower tells its makers how it is used, unless it is told not to before it is imported.
os.environ.setdefault("FLWR_TELEMETRY_ENABLED", "0")
