"""Long work: asked for, claimed by lease, done in a process of its own, kept with its result."""
