"""Runs the `vestibule` command: `python -m vestibule`."""

from vestibule.service.cli.main import main

main()
