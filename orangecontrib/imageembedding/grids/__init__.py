"""⑥ Vectors become one cell of a grid for each image."""
