"""The proof: stories told through every door, contracts on every backend, faults, pages in a real browser."""
