"""① A folder becomes `ImageFile` records."""
