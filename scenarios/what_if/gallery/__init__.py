"""Scenarios that come with Chargewise."""
