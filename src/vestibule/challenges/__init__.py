"""One-time proofs, such as codes and links: issued, resent, verified, once."""
