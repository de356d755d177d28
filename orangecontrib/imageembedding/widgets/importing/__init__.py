"""Parts of Import Images alone."""
