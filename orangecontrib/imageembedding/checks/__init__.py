"""⑥ Pixels and vectors → measures of each image, flags and their reasons."""
