"""The Django database backend (ENGINE) for PostgreSQL."""
