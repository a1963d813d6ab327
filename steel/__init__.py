"""The trade's vocabulary: small frozen types, units and public catalogues. No I/O, models or solvers."""
