"""What Save Images needs beside the steps of the pipeline."""
