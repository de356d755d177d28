"""A grid of images at given places, from one to a hundred thousand."""
