"""Paths for operators: health, metrics, published keys, webhooks of mail providers."""
