"""Plain Python that everything else stands on: refusals, the client, entropy, sealing."""
