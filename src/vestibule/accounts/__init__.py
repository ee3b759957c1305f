"""Who has an account: users, their addresses and passwords."""
