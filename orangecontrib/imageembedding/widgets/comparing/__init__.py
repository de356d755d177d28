"""Parts of Compare Embedders alone."""
