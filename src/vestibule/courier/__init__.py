"""Messages: posted with the change that they tell of, delivered afterwards, at least once."""
