"""PostgreSQL and Redis, reached in one way: prepared reads, rows, connections."""
