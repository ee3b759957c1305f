"""Limits on abuse: rates at the edge, admission of expensive work, and the ledger of exact counts."""
