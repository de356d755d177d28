"""What runs on a Ray cluster: the server and the embedding of many files."""
