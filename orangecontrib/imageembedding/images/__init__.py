"""② A location becomes bytes, bytes become upright RGB pixels, pixels become a network's input."""
