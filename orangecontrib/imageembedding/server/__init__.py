"""The embedding server: `app` is what it answers, `run` starts it, `cluster` spreads it by Ray."""
