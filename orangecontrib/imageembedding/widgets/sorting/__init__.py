"""Parts of Image Grid alone."""
