"""Plain Python that everything else builds on: refusals, the client, randomness, sealing, text."""
