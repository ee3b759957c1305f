"""What keeps abuse out: rates at the edge, admission of expensive work, and the ledger of exact counts."""
