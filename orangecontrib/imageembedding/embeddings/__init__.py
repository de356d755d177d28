"""③ Images become vectors."""
