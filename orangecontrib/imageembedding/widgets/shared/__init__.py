"""What several widgets and views use."""
