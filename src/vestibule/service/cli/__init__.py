"""The command line: `vestibule serve | worker | beat | migrate | …`, management commands over flows."""
