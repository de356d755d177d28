"""The dendrogram with images: it draws and selects, and knows no widget and no table."""
