"""Charge to chemistry and energy, each with its uncertainty; described as affine and convex pieces."""
