"""The backend that computes on this computer. The only folder that imports torch."""
