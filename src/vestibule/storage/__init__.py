"""Access to PostgreSQL and Redis: prepared queries, single-statement writes, connections."""
