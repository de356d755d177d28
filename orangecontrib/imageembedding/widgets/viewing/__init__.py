"""Parts of Image Viewer alone."""
