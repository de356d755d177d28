"""Qt views that draw and select; they know no widget and no table."""
