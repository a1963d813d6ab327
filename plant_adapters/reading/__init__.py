"""How a plant writes numbers, times, units and tables, and how each is read: once, for every adapter."""
