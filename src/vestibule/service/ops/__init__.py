"""For whoever runs it: health, metrics, published keys."""
