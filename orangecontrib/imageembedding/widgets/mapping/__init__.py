"""Parts of Image Map alone."""
