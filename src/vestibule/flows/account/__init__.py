"""What a signed-in person does to their own account."""
