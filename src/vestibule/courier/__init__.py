"""Messages: posted in the transaction of the change that they tell of, delivered afterwards, at least once."""
