"""Vectors → a place on a flat map for each image, and what is shown of it at each zoom."""
