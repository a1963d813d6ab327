"""A plant's own records to validated heats and a recipe back to the plant; and the plant's heat store."""
