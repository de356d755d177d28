"""A grid of thumbnails: it draws and selects, and knows no widget and no table."""
