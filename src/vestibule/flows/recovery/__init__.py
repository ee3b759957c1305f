"""How an owner gets back in: a reset, and all that a proof of the address takes away."""
