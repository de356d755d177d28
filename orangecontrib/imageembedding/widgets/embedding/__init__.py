"""Parts of Image Embedding alone."""
