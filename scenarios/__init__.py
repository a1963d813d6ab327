"""Virtual plants with a known truth. Shares no code and no functional form with `surrogate`."""
