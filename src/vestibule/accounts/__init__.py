"""Accounts: users, their addresses, passwords and profiles."""
