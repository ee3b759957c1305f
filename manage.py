#!/usr/bin/env python
"""Django's own door to the command line; `vestibule` is the same."""

from vestibule.service.cli.main import main

if __name__ == "__main__":
    main()
