"""Caches on disk, and the check whether a file has changed."""
