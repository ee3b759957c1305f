"""Transports: SMTP, Twilio, and the mailbox for development."""
