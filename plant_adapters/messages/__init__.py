"""Single messages of plants' systems: what their fields mean, and the codes that they use."""
