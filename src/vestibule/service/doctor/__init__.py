"""`vestibule doctor`: checks of a running deployment, each with a remedy (docs/doctor.md)."""
