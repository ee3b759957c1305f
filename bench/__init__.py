"""Measurements: what the README and the docs claim, as commands that anyone can run."""
