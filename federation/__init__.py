"""Plants improve one surrogate together on Flower; no heat leaves its plant."""
