"""Order, stock and surrogate to recipe, with a certificate."""
