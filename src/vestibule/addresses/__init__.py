"""Addresses: an e-mail address or a phone number as a value, and the parsers that make one from typed text."""
