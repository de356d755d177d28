"""Example workflows and the sketches they work on."""
