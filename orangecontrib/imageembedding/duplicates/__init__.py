"""⑥ Vectors and pixels → groups of images that are the same, or copies of each other."""
