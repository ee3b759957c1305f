"""The JSON API: a module per flow."""
