"""`vestibule doctor`: live checks of a deployment, each with a remedy (docs/doctor.md)."""
