"""Whether a client must show that a person sits behind it, and the ways to show it."""
