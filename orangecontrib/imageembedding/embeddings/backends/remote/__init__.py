"""The backend that lets an embedding server compute."""
