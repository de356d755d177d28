"""What runs an embedder: each module is one backend, behind the interface in `base`."""
