"""Addresses: an e-mail address or a phone number as a value, and the parsers that make one of what was typed."""
