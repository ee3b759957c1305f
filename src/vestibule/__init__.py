"""vestibule: the room between the street and the house, where you show who you are."""
