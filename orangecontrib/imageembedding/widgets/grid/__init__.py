"""A grid of images that lie where they are told to, from one to a hundred thousand."""
