"""Many numbers a row → a few: principal components."""
