"""A map of images that is drawn and selected in."""
