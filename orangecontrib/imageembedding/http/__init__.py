"""Requests to web servers: one client, one trust store, one retry, one table of errors."""
