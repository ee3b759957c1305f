"""`python -m vestibule` is the `vestibule` command."""

from vestibule.skins.cli.main import main

main()
