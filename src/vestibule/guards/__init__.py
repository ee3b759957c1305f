"""What keeps abuse out: rates at the edge, and the ledger of guesses and mails that nothing resets."""
