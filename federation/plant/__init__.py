"""What runs at a plant: the loop that asks for messages, what it answers, and what it never answers."""
