"""`python -m vestibule` is the `vestibule` command."""

from vestibule.service.cli.main import main

main()
