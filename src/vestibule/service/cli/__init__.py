"""The command line: `vestibule serve | worker | beat | migrate | …`, management commands that call flows."""
