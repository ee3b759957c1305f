"""`/dev/gallery/`: every page and message in every state, with invented people, while no transport is configured."""
