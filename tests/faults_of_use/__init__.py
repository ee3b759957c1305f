"""What people really send and set, each test named by its number."""
