"""Participants' own torch modules federate: their task, its training at a plant, and what the coordinator does."""
