"""Images with their places → one picture in a file."""
