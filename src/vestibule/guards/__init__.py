"""What keeps abuse out: rates and captchas at the edge, and the ledger of guesses and mails that nothing resets."""
