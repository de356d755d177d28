"""What is kept on disk for the next time, and whether files are still what they were."""
