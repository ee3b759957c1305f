"""A shop whose people sign in with vestibule."""
