"""Paths for operators: health, metrics, webhooks of mail providers."""
