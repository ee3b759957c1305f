"""What the staff, the command line and the worker do for and to people."""
