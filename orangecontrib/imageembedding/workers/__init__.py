"""A process of its own for networks, so that nothing they load can take a window down."""
