"""Parts of Hierarchical Clustering alone."""
