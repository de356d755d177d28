"""The commands of the command line: each module does one, and imports what it needs late."""
