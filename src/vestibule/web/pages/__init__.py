"""The hosted pages: a module per flow; they work without JavaScript."""
