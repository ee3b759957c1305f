"""What the staff, the command line and the worker do for people and accounts."""
