"""Flows: one function for each thing that a person can do. The folders are the product's table of contents."""
