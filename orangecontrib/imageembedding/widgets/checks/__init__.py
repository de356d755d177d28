"""Parts of Check Images alone."""
