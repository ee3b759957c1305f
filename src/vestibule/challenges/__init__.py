"""One-time proofs: codes, links, nonces and tickets; issued, resent, verified, once."""
