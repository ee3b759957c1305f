"""What developers run: never part of a release."""
