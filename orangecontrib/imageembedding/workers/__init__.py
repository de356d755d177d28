"""A separate process for networks, so that nothing they load can crash a window."""
