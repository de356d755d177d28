"""Parts of Find Duplicates alone."""
