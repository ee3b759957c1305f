"""The app of `vestibule demo`. It imports nothing of vestibule: what it does, any app can do."""
