"""vestibule as a service of its own: settings from the environment, server, worker, command line."""
