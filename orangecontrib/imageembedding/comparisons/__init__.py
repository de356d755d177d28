"""Vectors of a sample of images → how well an embedder suits them."""
