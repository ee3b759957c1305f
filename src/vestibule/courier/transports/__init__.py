"""How messages leave: SMTP, Twilio, and the mailbox of development."""
