"""Account recovery: the password reset, and what every proof of ownership removes."""
