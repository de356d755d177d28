"""⑥ Vectors become distances, a tree, clusters."""
